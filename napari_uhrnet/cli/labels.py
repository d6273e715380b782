"""Labels of a project from and to files: what ``import`` and ``export`` do."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from napari_uhrnet.cli.opening import opened
from napari_uhrnet.cli.progress import ProgressLine
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.session.project import Project
    from napari_uhrnet.session.scene_files import SceneEntry


def import_to_project(
    folder: Path, mask: Path, scene_path: Path, *, reviewed: bool, classes: str | None
) -> None:
    """Read labels into a project's corrections of a scene and print how many."""
    if not mask.exists():
        raise UserError(f"{mask}: there is no such file or folder")
    with opened(scene_path) as scene:
        from napari_uhrnet.export.read_back import import_labels

        project, table, file_table = _tables(folder, mask, classes)
        # Read to the end before anything is written: a file may be damaged in its last line.
        with ProgressLine("checking") as line:
            import_labels(mask, scene, table, _ignore, file_classes=file_table, progress=line.share)
        project = project or _new_project(folder, table)
        with project.annotations(project.add_scene(scene)) as store:
            write = _writer(store, f"imported from {mask.name}" if reviewed else None)
            with ProgressLine("importing") as line:
                count = import_labels(
                    mask, scene, table, write, file_classes=file_table, progress=line.share
                )
        height, width = scene.shape_yx
    state = "reviewed" if reviewed else "to be reviewed"
    typer.echo(f"{scene.name}: {count / (height * width):.1%} of the scene labelled, {state}")


def export_from_project(
    folder: Path, format_name: str, to: Path, *, scene: Path | None, rules: Any
) -> None:
    """Write reviewed labels of a project's scenes and print what was written."""
    from napari_uhrnet.export.export import check_target, export_labels
    from napari_uhrnet.session.project import Project

    check_target(to, format_name)
    project = Project.open(folder)
    with ExitStack() as cleanup, ProgressLine("exporting") as line:
        scenes = []
        for entry in _entries(project, scene):
            picture = cleanup.enter_context(opened(project.find(entry)))
            scenes.append((picture, cleanup.enter_context(project.annotations(entry))))
        manifest = export_labels(
            to,
            format_name,
            scenes,
            rules=rules,
            checkpoints=[store.checkpoints for _, store in scenes],
            progress=line.share,
        )
    typer.echo(summary(manifest))
    typer.echo(f"written to {to}")


def summary(manifest: dict[str, Any]) -> str:
    """One line: how many frames of which part, or how many scenes."""
    if "frames" not in manifest:
        count = len(manifest["scenes"])
        return f"{manifest['format']}: {count} scene{'s' if count > 1 else ''}"
    parts = [frame["part"] for frame in manifest["frames"]]
    counts = ", ".join(f"{p} {parts.count(p)}" for p in ("train", "val", "test") if p in parts)
    return f"{manifest['format']}: {len(parts)} frames ({counts})"


def parse_split(text: str) -> tuple[float, float, float]:
    """(train, val, test) from "0.7,0.15,0.15"."""
    try:
        train, val, test = (float(part) for part in text.split(","))
    except ValueError:
        raise UserError(
            f"--split {text}: give three shares train,val,test, such as 0.7,0.15,0.15"
        ) from None
    return train, val, test


def _writer(store: Any, source: str | None) -> Callable[[Window, NDArray[np.uint8]], None]:
    """Writes into a store, from a source if it is to count as reviewed.

    Where the file says nothing, what is there stays.
    """

    def write(window: Window, ids: NDArray[np.uint8]) -> None:
        if source is None:
            store.write(window, np.where(ids == NOTHING, store.read(window), ids))
        else:
            store.mark_reviewed(window, ids, source)

    return write


def _entries(project: Project, wanted: Path | None) -> tuple[SceneEntry, ...]:
    """The scenes of a project, or the one that is in a file."""
    if wanted is None:
        return project.scenes
    with opened(wanted) as scene:
        return (project.scene(scene.fingerprint),)


def _ignore(window: Window, ids: NDArray[np.uint8]) -> None:
    """Writes nothing."""


def _tables(
    folder: Path, mask: Path, name: str | None
) -> tuple[Project | None, ClassTable, ClassTable | None]:
    """The project if there is one; its classes, or those of a new one; those of the mask if given.

    A new project has the classes that are named, else those that an export or a data set says.
    """
    from napari_uhrnet.export.read_back import classes_of_export
    from napari_uhrnet.scene.class_tables import find_class_table
    from napari_uhrnet.session.project import Project

    named = None if name is None else find_class_table(name)
    if folder.is_dir() and any(folder.iterdir()):
        project = Project.open(folder)
        return project, project.classes, named
    beside = mask if mask.is_dir() else mask.parent
    return None, named or classes_of_export(mask) or find_class_table(None, beside), None


def _new_project(folder: Path, classes: ClassTable) -> Project:
    from napari_uhrnet.session.project import Project

    return Project.create(folder, classes)
