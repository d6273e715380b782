"""Export the reviewed labels of a project's scenes as training data or as maps."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.export import MAP_SUFFIXES, check_target, export_labels, named_scenes
from napari_uhrnet.export.frames.selection import FrameRules, frames_of
from napari_uhrnet.export.frames.split import PARTS
from napari_uhrnet.export.labels.merging import Merging, WrittenAs
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.scene.open import open_scene

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.project.project import Project
    from napari_uhrnet.store.annotations.annotation import AnnotationStore

    Progress = Callable[[float], None]


@dataclass(frozen=True)
class ExportRequest:
    """What is to be written.

    ``written``: names and ids in the export by class name; other classes keep theirs. ``scene``:
    fingerprint of the one scene to export; None: all of the project.
    """

    format: str
    to: Path
    rules: FrameRules = field(default_factory=FrameRules)
    written: Mapping[str, WrittenAs] = field(default_factory=dict)
    scene: str | None = None


@dataclass(frozen=True)
class Preview:
    """What an export would hold: frames by part (none for whole scenes) and reviewed pixels."""

    frames: Mapping[str, int]
    scenes: int
    reviewed_px: int


class _Watched:
    """A source of labels that calls ``tick`` at every read, so that a count can be stopped."""

    def __init__(self, store: AnnotationStore, tick: Callable[[], None]) -> None:
        self._store, self._tick = store, tick
        self.shape_yx, self.classes = store.shape_yx, store.classes

    def read(self, window: Window) -> NDArray[np.uint8]:
        """See `LabelSource`."""
        self._tick()
        return self._store.read(window)

    def reviewed(self, window: Window) -> NDArray[np.bool_]:
        """See `LabelSource`."""
        self._tick()
        return self._store.reviewed(window)


def export_project(
    project: Project, request: ExportRequest, progress: Progress | None = None
) -> dict[str, Any]:
    """Write what is asked for into a new folder; returns its manifest.

    ``progress`` is called with the share that is done; if it raises, nothing is left behind.
    Raises UserError.
    """
    check_target(request.to, request.format)
    with ExitStack() as cleanup:
        scenes = _opened(project, request, cleanup)
        return export_labels(
            request.to,
            request.format,
            scenes,
            rules=request.rules,
            merging=Merging.renamed(project.classes, request.written),
            checkpoints=[store.checkpoints for _, store in scenes],
            progress=progress,
        )


def preview(project: Project, request: ExportRequest, tick: Callable[[], None]) -> Preview:
    """Count what an export would hold, without writing. ``tick`` is called often; it may raise.

    Raises UserError where the export would, except for its folder.
    """
    merging = Merging.renamed(project.classes, request.written)
    with ExitStack() as cleanup:
        scenes = _opened(project, request, cleanup)
        kept = {i for i, to in merging.ids if to != NOTHING}
        reviewed_px = sum(
            px for _, store in scenes for i, px in store.counts().reviewed_px.items() if i in kept
        )
        counts: dict[str, int] = {}
        if request.format not in MAP_SUFFIXES:
            watched = [(scene, _Watched(store, tick)) for scene, store in scenes]
            frames = frames_of(named_scenes(watched, merging), request.rules)
            parts = [frame.part for frame in frames]
            counts = {part: parts.count(part) for part in PARTS}
        elif not reviewed_px:
            raise UserError("nothing is reviewed that could be exported: mark regions first")
    return Preview(counts, len(scenes), reviewed_px)


def written_as(classes: ClassTable, rows: Sequence[tuple[str, int]]) -> dict[str, WrittenAs]:
    """From a (name, id) for each class: those that differ from the project's, by class name."""
    return {
        c.name: WrittenAs(name.strip(), class_id)
        for c, (name, class_id) in zip(classes.classes, rows, strict=True)
        if (name.strip(), class_id) != (c.name, c.id)
    }


def _opened(
    project: Project, request: ExportRequest, cleanup: ExitStack
) -> list[tuple[Scene, AnnotationStore]]:
    entries = project.scenes
    if request.scene is not None:
        entries = (project.scene(request.scene),)
    scenes = []
    for entry in entries:
        scene = cleanup.enter_context(open_scene(project.find(entry)))
        scenes.append((scene, cleanup.enter_context(project.annotations(entry))))
    return scenes


def free_folder(folder: Path, name: str, *, inside: bool = True) -> Path:
    """A new folder's path in ``folder``; ``folder`` itself if it is empty, unless ``inside``."""
    if not inside and folder.is_dir() and not any(folder.iterdir()):
        return folder
    number, path = 1, folder / name
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}"
    return path
