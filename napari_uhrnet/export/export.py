"""Reviewed labels of scenes as training data or as whole maps, in the formats of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.frames.layout import FRAME_LAYOUTS
from napari_uhrnet.export.frames.selection import Frame, FrameRules, file_name, frames_of
from napari_uhrnet.export.labels.manifest import (
    counted,
    counts_entry,
    head,
    scene_entry,
    write_manifest,
)
from napari_uhrnet.export.labels.merging import Merging
from napari_uhrnet.export.labels.source import SceneLabels
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.store.files.beside import check_parent, written_beside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.export.labels.source import LabelSource
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene

    Progress = Callable[[float], None]

MAP_SUFFIXES = {"geotiff": ".tif", "ome-zarr": ".zarr", "geojson": ".geojson", "gpkg": ".gpkg"}
"""Formats that hold whole scenes, a file for each."""

FORMATS = (*FRAME_LAYOUTS, *MAP_SUFFIXES, "coco", "yolo")


def export_labels(
    target: Path,
    format_name: str,
    scenes: Sequence[tuple[Scene, LabelSource]],
    *,
    rules: FrameRules | None = None,
    merging: Merging | None = None,
    checkpoints: Sequence[Sequence[str]] = (),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write the reviewed labels of scenes into a new folder; returns its manifest.

    Parameters
    ----------
    target
        A folder that is not there yet, or is empty.
    format_name
        One of `FORMATS`. The whole-scene formats hold 255, or nothing, where nothing was reviewed.
    scenes
        Scenes and their labels, all with one class table.
    rules
        Which frames are written; of no meaning for whole scenes.
    merging
        Which classes are written; by default those of the labels.
    checkpoints
        For each scene, the hashes of the checkpoints that made its labels, if they are known.
    progress
        Called with the share that is done, 0..1.

    Raises
    ------
    UserError
        The folder, the disk, the format or the rules cannot be used, or nothing is reviewed.
        Nothing is left behind then.
    """
    check_target(target, format_name)
    merging = merging or Merging.of(_one_table(scenes).classes)
    named = named_scenes(scenes, merging, checkpoints)
    report = progress or (lambda share: None)
    content = None if format_name in MAP_SUFFIXES else frames_of(named, rules or FrameRules())
    with written_beside(target) as folder:
        folder.mkdir()
        if content is None:
            details = _write_maps(folder, format_name, named, report)
        else:
            details = _write_training_set(folder, format_name, content, merging, report)
            details["scenes"] = [scene_entry(labels) for labels in named]
        manifest = head(format_name, merging) | details
        write_manifest(folder, manifest)
    return manifest


def check_target(target: Path, format_name: str) -> None:
    """UserError unless an export can go there; to be asked before any work is done."""
    if format_name not in FORMATS:
        raise UserError(f"format {format_name!r}: choose one of {', '.join(FORMATS)}")
    check_parent(target)
    if target.is_dir():
        if any(target.iterdir()):
            raise UserError(f"{target}: the folder is not empty: choose a new one")
    elif target.exists():
        raise UserError(f"{target}: there is a file of this name: choose a new folder")


def _one_table(scenes: Sequence[tuple[Scene, LabelSource]]) -> LabelSource:
    sources = [source for _, source in scenes]
    if not sources:
        raise UserError("there is no scene with labels to export: add one first")
    if any(source.classes != sources[0].classes for source in sources):
        raise UserError("the scenes have different class tables: export them one by one")
    return sources[0]


def named_scenes(
    scenes: Sequence[tuple[Scene, LabelSource]],
    merging: Merging,
    checkpoints: Sequence[Sequence[str]] = (),
) -> list[SceneLabels]:
    """Scenes with unique names and what else an export needs of them."""
    named: list[SceneLabels] = []
    for k, (scene, source) in enumerate(scenes):
        name = file_name(scene.name, [each.name for each in named])
        hashes = tuple(checkpoints[k]) if checkpoints else ()
        named.append(SceneLabels(name, scene, source, merging, hashes))
    return named


def _write_training_set(
    folder: Path, format_name: str, frames: list[Frame], merging: Merging, report: Progress
) -> dict[str, Any]:
    reported = _reported(frames, report)
    if format_name == "coco":
        from napari_uhrnet.export.frames.coco import write_coco

        return write_coco(folder, reported, merging.target)
    if format_name == "yolo":
        from napari_uhrnet.export.frames.yolo import write_yolo

        return write_yolo(folder, reported, merging.target)
    from napari_uhrnet.export.frames.files import write_frames

    return write_frames(folder, format_name, reported, merging.target)


def _reported(frames: list[Frame], report: Progress) -> Iterator[Frame]:
    for k, frame in enumerate(frames, 1):
        yield frame
        report(k / len(frames))


def _write_maps(
    folder: Path, format_name: str, named: list[SceneLabels], report: Progress
) -> dict[str, Any]:
    total_px = sum(labels.shape_yx[0] * labels.shape_yx[1] for labels in named)
    done_px = labelled_px = 0
    entries = []
    for labels in named:
        file = f"{labels.name}{MAP_SUFFIXES[format_name]}"
        counts = np.zeros(256, np.int64)

        def read(
            window: Window, labels: SceneLabels = labels, counts: NDArray[np.int64] = counts
        ) -> NDArray[np.uint8]:
            nonlocal done_px
            ids = labels.read(window)
            counts += counted(ids)
            done_px += window.area_px
            report(done_px / total_px)
            return ids

        _write_map(folder / file, format_name, read, labels)
        counts_by_name = counts_entry(counts, labels.merging.target)
        entries.append(scene_entry(labels) | {"file": file, "counts": counts_by_name})
        labelled_px += int(counts[:NOTHING].sum())
    if not labelled_px:
        raise UserError(
            "nothing is reviewed that could be exported: mark correct regions as reviewed"
        )
    return {"scenes": entries}


def _write_map(path: Path, format_name: str, read: Any, labels: SceneLabels) -> None:
    if format_name == "geotiff":
        from napari_uhrnet.export.maps.cog import write_cog as write
    elif format_name == "ome-zarr":
        from napari_uhrnet.export.maps.ome_zarr import write_label_image as write
    elif format_name == "geojson":
        from napari_uhrnet.export.vectors.geojson import write_geojson as write
    else:
        from napari_uhrnet.export.vectors.geopackage import write_geopackage as write
    scene = labels.scene
    write(path, read, labels.shape_yx, labels.merging.target, scene.crs, scene.transform)
