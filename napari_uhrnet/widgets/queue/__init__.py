"""Where to look next.

`tool`   puts it together
`panel`  the panel
"""
