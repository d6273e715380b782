"""From masks to a checkpoint.

`data` are views to train on, `loop` one step after the other, `run` a run folder, `finetune`
continues from what a person reviewed.

`average`  the mean of checkpoints' weights
"""
