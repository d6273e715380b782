"""Learn from what is reviewed.

`tool`   puts it together
`panel`  the panel
"""
