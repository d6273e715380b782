"""`Project`: a folder that holds the corrections of some scenes.

`project`       the project
`scene_files`   where its scenes' files are
"""

from napari_uhrnet.session.project.project import Project

__all__ = ["Project"]
