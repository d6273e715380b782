"""Two results of a scene, compared block by block.

`results`        results that can be compared, read by window
`blocks`         the area that is compared
`compare`        runs a comparison
`comparison`     what it found
`disagreements`  connected regions where two results differ
`report`         writes it into a folder
"""
