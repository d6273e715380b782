"""Names of edits, as undo and redo show them. The journal keeps them with the edits."""

from __future__ import annotations

PAINT = "paint"
SET_CLASS = "set class"
REPLACE_CLASS = "replace class"
RESET = "reset to prediction"
GROW = "grow"
SHRINK = "shrink"
SMOOTH = "smooth"
FILL_HOLES = "fill holes"
SNAP = "snap to edges"
SUPERPIXEL = "superpixel"
MARK_REVIEWED = "mark reviewed"
UNMARK_REVIEWED = "unmark reviewed"
