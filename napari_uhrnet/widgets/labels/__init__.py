"""Labels and classes of a project, in and out.

`export_tool`   runs exports
`export_panel`  what is exported
`import_tool`   imports
`class_tool`    edits the class table
`class_panel`   its panel
"""
