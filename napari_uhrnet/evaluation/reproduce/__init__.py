"""The paper's tables, trained and scored anew.

`paper_tables`  what the paper publishes
`rows`          its rows as networks
`settings`      what a reproduction is run with
`run_all`       trains and scores every row, resumable
"""
