"""Scores against ground truth.

`truth_pairs`  pairs of image and mask
`evaluate`     scores a model scene by scene
`counts`       what is counted of a scene
`boundary`     how well borders of classes are met
`scores`       from counts to scores
`bootstrap`    intervals
`score_files`  scores as files
`overviews`    small pictures of evaluated scenes
`figure`       the paper's figure
"""
