"""Compare A with B.

`tool`   puts it together
`panel`  what is compared and what was found
"""
