"""Choose, run, see.

`scene_panel`       which picture
`model_panel`       which network
`run_panel`         Segment and Stop
`legend_panel`      classes and branches
`region_drawing`    a rectangle that is drawn
`overlay`           the layers of predictions
`prediction_watch`  where the prediction has grown
`layer_scene`       the scene of a layer
`words`             all texts of the room
`remembered`        what is remembered from one session to the next
"""
