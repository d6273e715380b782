"""Fine-tuning on what a person reviewed.

`config`     its settings
`reviewed`   reviewed regions as something to train on
`rehearsal`  other labelled data beside them
`finetune`   the run
"""
