"""Labels that a person painted or reviewed.

`annotation`  the store
`planes`      what is known about a pixel
`change`      the pixels that an edit changes
"""
