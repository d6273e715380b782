"""Take a mask into a project as reviewed labels, and export those for GLNet: ``[OUT]``.

What is painted in the window lies in the same project. On the command line:
``napari-uhrnet import PROJECT MASK --scene SCENE --reviewed`` and ``napari-uhrnet export``.
"""

import sys
from pathlib import Path
from tempfile import mkdtemp

from napari_uhrnet import open_scene
from napari_uhrnet.datasets.class_tables import find_class_table
from napari_uhrnet.export.frames.selection import FrameRules
from napari_uhrnet.resources import resource_path
from napari_uhrnet.session.labels.exporting import ExportRequest, export_project
from napari_uhrnet.session.labels.importing import import_mask
from napari_uhrnet.session.labels.words import export_summary
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.store.journal.journal import Journal

out = Path(sys.argv[1] if len(sys.argv) > 1 else mkdtemp())
project = Project.create(out / "project", find_class_table("deepglobe"))
with (
    open_scene(resource_path("scenes", "landcover.tif")) as scene,
    project.annotations(project.add_scene(scene)) as store,
    Journal(store) as journal,  # edits go through it, so that they can be undone
):
    import_mask(journal, resource_path("scenes", "landcover_mask.tif"), scene, reviewed=True)
rules = FrameRules(1024, split=(0.5, 0.25, 0.25))  # train, val and test share no pixel
print(export_summary(export_project(project, ExportRequest("glnet", out / "glnet", rules))))
print(f"written to {out / 'glnet'}")
