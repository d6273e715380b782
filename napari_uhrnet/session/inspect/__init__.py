"""Why this class?

`readout`           predictions at the cursor and at pins
`pins`              points that are kept
`askable`           which networks can be read at a point
`point_reader`      reads them, in the worker
`feature_view`      the branches' features as pictures
`neighbour_effect`  what the neighbours changed
`words`             sentences
`view_job`          jobs about what is in view
"""
