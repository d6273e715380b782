"""What has to be computed, and in which order.

`layout`  grids and scale of a scene and a checkpoint, fixed before the first pixel is read
`work`    which patches a window needs, nearest to its centre first
"""
