"""A run folder: settings, start, records.

`run`          stage after stage
`config`       all settings
`config_file`  ``config.json``
`setup`        what is trained, and on what
`start`        what a network starts from
`imagenet`     an ImageNet start without a download
"""
