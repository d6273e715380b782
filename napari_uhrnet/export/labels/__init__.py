"""Where exported labels come from.

`source`    a source of labels
`merging`   classes written as those of another table
`manifest`  ``manifest.json``: what an export holds
"""
