"""The command ``compare``.

`command`  its options
`work`     from a scene and two results of it to a report on disk
"""
