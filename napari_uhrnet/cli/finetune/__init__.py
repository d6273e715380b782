"""The command ``finetune``.

`command`  its options
`work`     opens a project's scenes, trains, prints what that changed
"""
