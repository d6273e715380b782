"""Frames as training data.

`selection`  which frames of the scenes, and in which part
`split`      parts cut apart by region
`layout`     how training codes want frames on disk
`files`      image and mask files
`coco`       COCO annotations
`yolo`       YOLO polygons
`read`       frames read back
"""
