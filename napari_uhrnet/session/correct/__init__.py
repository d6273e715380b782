"""Painting over a scene of any size.

`state`             what the panel shows and changes
`corrections`       check a window out, find what was painted, commit it
`open_corrections`  the corrections of a scene while they are open
`editable`          where one can paint
`operations`        labels changed by their surroundings
`region_edits`      edits of everything in a polygon
`snapping`          borders drawn to edges of the picture
`superpixels`       pieces of similar colour
`words`             names of edits and sentences
"""
