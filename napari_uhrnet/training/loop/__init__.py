"""The training loop.

`fit`         resumable at any moment
`trainer`     one step
`state`       what a run needs to be resumed
`losses`      what is made small
`stages`      which part of a network is trained
`precision`   mixed precision
`memory`      how much a step takes
`validate`    scores while training
`log`         a row a step
`interrupts`  Ctrl-C
`devices`     one device in plain torch, several by Fabric
"""
