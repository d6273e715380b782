"""Why this class?

`inspect_panel`     ways to look at predictions
`side_by_side`      napari's grid
`swipe`             two predictions on one canvas
`blink`             the other one while a key is held
`uncertainty`       how sure a prediction is
`readout_tool`      predictions at the cursor
`readout_panel`     as bars
`features_tool`     the branches' features
`features_panel`    their panel
`neighbours_tool`   what the neighbours changed
`neighbours_panel`  its panel
"""
