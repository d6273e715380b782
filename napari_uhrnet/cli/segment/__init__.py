"""The command ``segment``.

`command`  its options
`work`     from a scene to a mask on disk
"""
