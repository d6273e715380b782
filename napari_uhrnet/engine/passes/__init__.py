"""The passes over a scene: read, encode, describe, fuse, decode, blend.

`state`     what outlives a plan: caches, counters, batch size, device
`reading`   a scene at the scale a network was trained for
`steps`     frames and patches through the network
`blending`  from patches' logits to finished rectangles
`coarse`    the prediction of the global branch alone
`lru`       a cache limited in bytes
"""
