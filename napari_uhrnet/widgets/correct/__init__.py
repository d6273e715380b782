"""Paint over a prediction.

`tool`            opens the project, does what panel and keys ask for
`panel`           the panel
`resuming`        projects open where one left off
`region_editing`  edits of everything in a polygon
`outlines`        polygons that are drawn
`class_buttons`   one row for each class
`words`           all texts of the room
"""
