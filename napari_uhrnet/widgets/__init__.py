"""The napari side: one room for each task, as in `session`.

`main`         the dock widget
`composition`  everything behind the panels
`tool_docks`   the docks beside them
`reader`       File > Open
`sample_data`  File > Open Sample
`demo`         ``make demo``
"""
