"""Scene and network in, stored labels out.

`segment`  a scene, or a window of it, in one call
`open`     the prediction store of a scene, a checkpoint and settings
`run`      work in, finished rectangles out, a step at a time
"""
