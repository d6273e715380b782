"""What commands share.

`folders`   folders of data as they are named on a command line
`opening`   scenes opened with a progress line
`output`    what is printed
`progress`  one line on a terminal, nothing without a terminal
`words`     values of options that are more than a number or a name
"""
