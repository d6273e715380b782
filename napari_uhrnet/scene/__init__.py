"""Pixels in: files and arrays as lazily read scenes.

`picture` is what a reader yields, `readers` holds one for each family of files, `pyramids` the
levels that a file lacks, `made` draws scenes.

`open`      from a path to a scene
`array`     from an array to a scene
`base`      the `Scene`
`describe`  what is known about one
`places`    whether the pixels of two files lie on each other
"""
