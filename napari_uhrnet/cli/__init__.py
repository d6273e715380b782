"""The command line.

A command that needs more than one file has a room of its own: ``command`` declares its options,
``work`` does what it asks for.

`app`  ``napari-uhrnet``: all commands, and what becomes of their errors
"""
