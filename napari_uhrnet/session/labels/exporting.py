"""Reviewed labels of a project's scenes written as training data or maps: what is asked for."""

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
from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.project.project import Project
    from napari_uhrnet.store.annotations.annotation import AnnotationStore

    Progress = Callable[[float], None]

PURPOSES = {
    "deepglobe": "DeepGlobe: image and colour mask side by side, as in the challenge",
    "glnet": "GLNet, FCtL: folders of images and of masks with class ids",
    "magnet": "MagNet: colour masks, and a list file for each part",
    "isdnet": "ISDNet: masks with class ids, 255 where nothing was reviewed",
    "f2net": "F2Net: masks with class ids, and a list file for each part",
    "palette": "Indexed PNG: class ids with colours, for any trainer",
    "coco": "COCO: run-lengths and polygons in JSON, for detection tools",
    "yolo": "YOLO: polygons in text files, for Ultralytics",
    "geotiff": "GeoTIFF: the whole scene as a raster, for GIS",
    "ome-zarr": "OME-Zarr: the whole scene in levels, for image viewers",
    "geojson": "GeoJSON: polygons of the whole scene, for web maps",
    "gpkg": "GeoPackage: polygons of the whole scene, for GIS",
}
"""What each format is, in a line."""


@dataclass(frozen=True)
class ExportRequest:
    """What is to be written.

    ``written`` says under which name and id a class goes; those that are not in it keep theirs.
    ``scene`` is the fingerprint of the only scene wanted; None: all of the project.
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
    """A source of labels that says when it is read, so that a long count can be stopped."""

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
    """Write what is asked for into a new folder; what its manifest says.

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
            raise UserError("nothing is reviewed that could be exported: mark what is good first")
    return Preview(counts, len(scenes), reviewed_px)


def summary(manifest: dict[str, Any]) -> str:
    """One line: how many frames of which part, or how many scenes."""
    if "frames" not in manifest:
        count = len(manifest["scenes"])
        return f"{manifest['format']}: {count} scene{'s' if count > 1 else ''}"
    parts = [frame["part"] for frame in manifest["frames"]]
    counts = ", ".join(f"{p} {parts.count(p)}" for p in PARTS if p in parts)
    return f"{manifest['format']}: {len(parts)} frame{'s' if len(parts) > 1 else ''} ({counts})"


def frames_in(view: Window, frame_px: int, overlap_px: int) -> tuple[Window, ...]:
    """Frames that cover a level-0 window; one of its own size if it is smaller than a frame."""
    grid = PatchGrid(view.shape_yx, frame_px, overlap_px)
    inside = (grid.window(cell).clip(view.shape_yx) for cell in grid.cells())
    return tuple(window.shift(view.y, view.x) for window in inside)


def parse_frames(text: str) -> tuple[Window, ...]:
    """Windows from "y, x, height, width; y, x, height, width"; UserError if it is none."""
    return tuple(_parse_frame(part) for part in text.split(";") if part.strip())


def _parse_frame(text: str) -> Window:
    try:
        y, x, height, width = (int(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise UserError(
            f"frame {text.strip()!r}: give y, x, height, width in pixels of the scene, such as "
            "0,1024,512,512"
        ) from None
    if height < 1 or width < 1:
        raise UserError(f"frame {text.strip()!r}: height and width must be 1 or more")
    return Window(y, x, height, width)


def written_as(classes: ClassTable, rows: Sequence[tuple[str, int]]) -> dict[str, WrittenAs]:
    """What a person filled in, a (name, id) for each class, as far as it differs."""
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


def sentence(found: Preview) -> str:
    """What would be written, for a person."""
    reviewed = f"{found.reviewed_px:,} px".replace(",", "\xa0").replace(" ", "\xa0") + " reviewed"
    if not found.frames:
        return f"{found.scenes} image{'s' if found.scenes > 1 else ''}, {reviewed}"
    count = sum(found.frames.values())
    parts = ", ".join(f"{part} {n}" for part, n in found.frames.items())
    return f"{count} frame{'s' if count > 1 else ''} ({parts}), {reviewed}"


def free_folder(folder: Path, name: str, *, inside: bool = True) -> Path:
    """A folder in another one that is not there yet; that one itself if it may be and is empty."""
    if not inside and folder.is_dir() and not any(folder.iterdir()):
        return folder
    number, path = 1, folder / name
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}"
    return path
