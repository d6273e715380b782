"""Where to look next.

`queue`   the parts of a scene, the most uncertain first
`ranker`  ranks them
"""
