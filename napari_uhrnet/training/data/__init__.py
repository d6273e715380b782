"""Views to train on.

`parts`     which pairs are trained on
`sources`   scenes on disk, read by windows
`frames`    pictures and ground truth at the checkpoint's scale
`sampling`  random views, rare classes more often
"""
