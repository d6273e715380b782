"""Labelled folders: which image has which mask, in which classes and in which part.

`layouts`       data sets on disk in the layouts of the field
`pairing`       which mask belongs to which image, by their names
`splits`        which pairs belong to training, validation and test
`class_tables`  class tables by name, from a file or from the folder
`masks`         masks of any coding as class ids, read window by window
`check`         looks through a data set before anybody trains on it
"""
