"""Made land-cover scenes: seeded pictures with exact truth, for training, tests and the sample.

`compose`  one made scene
"""
