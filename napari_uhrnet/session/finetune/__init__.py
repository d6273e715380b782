"""Fine-tuning in a process beside.

`run`  started, watched through its folder, stopped
"""
