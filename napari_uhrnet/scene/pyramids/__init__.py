"""Smaller levels for pictures that come without them.

`in_memory`  computed while they are read
`cached`     built once into the user's cache folder
"""
