"""Rectangles, grids, blending, class tables, scores: plain arithmetic on numpy arrays.

`window`      a rectangle of pixels
`blocks`      the blocks in which whole scenes are read and written
`transform`   from pixels to coordinates
`grid`        patch grid and frame grid
`rectangles`  the rectangles between patches' edges
`affine`      between level 0 and the inference grid
`resample`    antialiased scaling
`sampling`    bilinear sampling between grids of cells
`blend`       weights of overlapping patches
`turn`        flips and quarter turns
`polygon`     which pixels lie in a polygon
`classes`     class tables
`mapping`     from one class table to another
`metrics`     confusion matrix, IoU, accuracy
"""
