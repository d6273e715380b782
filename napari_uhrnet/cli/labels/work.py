"""Labels of a project from and to files: what ``import`` and ``export`` do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_uhrnet.cli.kit.opening import opened
from napari_uhrnet.cli.kit.output import say
from napari_uhrnet.cli.kit.progress import ProgressLine
from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.session.labels.exporting import ExportRequest
    from napari_uhrnet.session.project.project import Project


def import_to_project(
    folder: Path, mask: Path, scene_path: Path, *, reviewed: bool, classes: str | None
) -> None:
    """Read labels into a project's corrections of a scene and print how many."""
    if not mask.exists():
        raise UserError(f"{mask}: there is no such file or folder")
    with opened(scene_path) as scene:
        from napari_uhrnet.export.read_back import import_labels
        from napari_uhrnet.session.labels.importing import import_mask
        from napari_uhrnet.session.project.project import Project
        from napari_uhrnet.store.journal.journal import Journal

        project, table, file_table = _tables(folder, mask, classes)
        if project is None:
            # Read to the end first: a mask that cannot be read leaves no project.
            with ProgressLine("checking") as line:
                import_labels(
                    mask, scene, table, _ignore, file_classes=file_table, progress=line.share
                )
            project = Project.create(folder, table)
        with (
            project.annotations(project.add_scene(scene)) as store,
            Journal(store) as journal,
            ProgressLine("importing") as line,
        ):
            notes: list[str] = []
            count = import_mask(
                journal,
                mask,
                scene,
                file_table,
                reviewed=reviewed,
                progress=line.share,
                note=notes.append,
            )
        height, width = scene.shape_yx
    for text in dict.fromkeys(notes):
        say(f"note: {text}")
    state = "reviewed" if reviewed else "to be reviewed"
    say(f"{scene.name}: {count / (height * width):.1%} of the scene labelled, {state}")


def export_from_project(folder: Path, request: ExportRequest, *, scene: Path | None) -> None:
    """Write reviewed labels of a project's scenes and print what was written."""
    from napari_uhrnet.export.export import check_target
    from napari_uhrnet.session.labels.exporting import export_project
    from napari_uhrnet.session.labels.words import export_summary
    from napari_uhrnet.session.project.project import Project

    check_target(request.to, request.format)
    project = Project.open(folder)
    if scene is not None:
        with opened(scene) as picture:
            request = replace(request, scene=picture.fingerprint)
    with ProgressLine("exporting") as line:
        manifest = export_project(project, request, line.share)
    say(export_summary(manifest))
    say(f"written to {request.to}")


def _ignore(window: Window, ids: NDArray[np.uint8]) -> None:
    """Writes nothing."""


def _tables(
    folder: Path, mask: Path, name: str | None
) -> tuple[Project | None, ClassTable, ClassTable | None]:
    """The project if there is one; its classes, or those of a new one; those of the mask if given.

    A new project has the classes that are named, else those of the export or data set.
    """
    from napari_uhrnet.datasets.class_tables import find_class_table
    from napari_uhrnet.export.read_back import classes_of_export
    from napari_uhrnet.session.project.project import Project

    named = None if name is None else find_class_table(name)
    if folder.is_dir() and any(folder.iterdir()):
        project = Project.open(folder)
        return project, project.classes, named
    beside = mask if mask.is_dir() else mask.parent
    return None, named or classes_of_export(mask) or find_class_table(None, beside), None
