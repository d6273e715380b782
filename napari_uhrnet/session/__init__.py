"""What the user wants and what is going on, without a GUI.

Every task has a room here and one of the same name in `widgets`.

`state`       what panels show and change
`plan`        from state to a plan, or a refusal
`engine`      the calls into engine and models
`runner`      who runs a job
`latest_job`  the latest of jobs, and whose results are dropped
`panel_job`   jobs whose progress a panel shows
`model_pool`  networks loaded once for all tools
`controller`  turns changes of the state into runs
`areas`       how much of a scene each class takes up
`libraries`   two copies of LLVM kept apart
`wording`     durations and counts as people write them
"""
