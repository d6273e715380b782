"""The command ``train``.

`command`  its options put together, and running it
`options`  the options one by one
"""
