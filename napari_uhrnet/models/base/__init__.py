"""What every network has: the protocol, its config, its checkpoint.

`protocol`    what the engine asks of a network
`config`      what networks are built from
`checkpoint`  weights and card
`trained_on`  which images a checkpoint was trained on
"""
