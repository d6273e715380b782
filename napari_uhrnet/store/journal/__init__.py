"""The journal of edits.

`journal`     on the disk before anything else; undo
`reclassing`  corrections take over another class table
"""

from napari_uhrnet.store.journal.journal import Journal

__all__ = ["Journal"]
