"""Files and folders.

`disk`    chunk files, files that appear whole, a full disk
`beside`  written beside, then renamed
`in_use`  locks
`inputs`  never written over
`notes`   what was being written when a process died
`cache`   where predictions are cached, and how large
"""
