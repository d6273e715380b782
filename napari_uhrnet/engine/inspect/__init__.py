"""What is computed to look into a prediction.

`features`    what the branches made of a frame, as pictures
`neighbours`  what a patch's neighbours changed
`point`       all probabilities at one pixel
"""
