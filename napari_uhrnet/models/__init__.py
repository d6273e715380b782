"""Networks, their registry and their checkpoints.

`registry`  the networks one can ask for by name, and loading them
`build`     from a config to a network with random weights
`frames`    the engine's steps in one piece, with gradients
`regimes`   baselines on patches, or on the downsampled frame
"""
