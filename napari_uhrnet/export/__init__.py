"""Labels to and from files.

`frames` are layouts of training codes, `maps` rasters of whole scenes, `vectors` polygons, `labels`
what they all start from.

`export`     reviewed labels as training data or maps
`read_back`  labels from what was exported, a mask or polygons
"""
