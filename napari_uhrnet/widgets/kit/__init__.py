"""Parts made of Qt that know no task.

`panel`             the look that all panels share
`panel_column`      panels below each other
`docks`             docks beside the panels
`keys`              keys of the viewer
`view`              what is on screen
`layer_look`        place and colours of layers
`before`            how a viewer looked before
`long_edit`         edits that take a while
`thread_runner`     jobs on napari's threads
`settings`          what is remembered
`matrix_view`       a confusion matrix
`probability_bars`  probabilities as bars
`form`              a form made of the fields of a dataclass
"""
