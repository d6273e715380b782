"""The journal of edits.

`journal`     on the disk before anything else; undo
`reclassing`  corrections take over another class table
"""
