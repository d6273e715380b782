"""`Project`: a folder that holds the corrections of some scenes.

`project`       the project
`scene_files`   where its scenes' files are
`project_file`  ``project.json``, checked by models
"""

from napari_uhrnet.session.project.project import Project

__all__ = ["Project"]
