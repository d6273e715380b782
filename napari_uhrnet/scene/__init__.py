"""Pixels in: files and arrays as lazily read scenes."""
