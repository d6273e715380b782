"""What is kept on disk.

`predictions` can be computed again, `annotations` and `journal` cannot, `files` is what they share.
"""
