"""Two results beside each other.

`sources`            what can be compared, and jobs for a runner
`comparer`           runs comparisons
`pair`               two results of an area in memory
`curtain`            labels made of two pyramids
`other_predictions`  predictions of networks used before
"""
