"""Labels and classes of a project, in and out.

`exporting`      reviewed labels to files
`importing`      labels from files
`class_editing`  a project's classes edited
`words`          formats and sentences
`frame_windows`  windows of frames that are chosen by hand
"""
