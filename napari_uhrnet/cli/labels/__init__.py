"""The commands ``import`` and ``export``.

`command`  their options
`work`     labels of a project from and to files
"""
