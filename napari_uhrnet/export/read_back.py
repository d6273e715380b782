"""Labels from files: what an export wrote, or a single mask or file of polygons."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.frames.layout import FRAME_LAYOUTS
from napari_uhrnet.export.labels.manifest import MANIFEST, read_manifest
from napari_uhrnet.geometry.classes import NOTHING, ClassTable
from napari_uhrnet.geometry.mapping import ClassMapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene

    Parts = Iterator[tuple[Window, NDArray[np.uint8]]]

_POLYGON_SUFFIXES = (".geojson", ".json", ".gpkg")


def import_labels(
    path: Path,
    scene: Scene,
    classes: ClassTable,
    write: Callable[[Window, NDArray[np.uint8]], None],
    *,
    file_classes: ClassTable | None = None,
    progress: Callable[[float], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> int:
    """Read labels of a scene, part by part; how many pixels have a class.

    Parameters
    ----------
    path
        The folder of an export (with its manifest.json), a mask of the scene's size or with a
        georeference, or GeoJSON or GeoPackage polygons in the scene's pixels or any CRS.
    scene
        The scene that they are of. In an export it is found by fingerprint, else by name and size.
    classes
        Class table of the ids that are written.
    file_classes
        The file's class table if it is another one; translated by name. An export has its own.
    write
        Takes a level-0 window of the scene and (h, w) uint8 ids; 255 where the file has no class.
        Windows without a class are left out.
    progress
        Called with the share that is done, 0..1, by area.
    note
        Called with a sentence for each thing that was left out or guessed.

    Raises
    ------
    UserError
        The file cannot be used for this scene; parts may have been written by then if it is
        damaged.
    """
    if not path.exists():
        raise UserError(f"{path}: there is no such file or folder")
    if (path / MANIFEST).is_file():
        table, parts = _of_export(path, scene, note or _unheard)
    else:
        table = file_classes or classes
        parts = _of_file(path, scene, table, note or _unheard)
    mapping = _mapping(path, table, classes)
    area_px, seen_px, labelled_px = scene.shape_yx[0] * scene.shape_yx[1], 0, 0
    for window, file_ids in parts:
        ids = mapping.apply(file_ids)
        labelled = int(np.count_nonzero(ids != NOTHING))
        if labelled:
            write(window, ids)
        labelled_px += labelled
        seen_px += window.area_px
        if progress is not None:
            progress(min(1.0, seen_px / area_px))
    if not labelled_px:
        raise UserError(f"{path}: no pixel of {scene.name} has a class there: check the file")
    return labelled_px


def _unheard(_: str) -> None:
    """For callers who take no notes."""


def _of_file(path: Path, scene: Scene, classes: ClassTable, note: Callable[[str], None]) -> Parts:
    if path.suffix.lower() in _POLYGON_SUFFIXES:
        from napari_uhrnet.export.vectors.read import polygon_blocks

        return polygon_blocks(path, scene, classes, note)
    from napari_uhrnet.export.maps.read import mask_blocks

    return mask_blocks(path, scene, classes, note)


def classes_of_export(folder: Path) -> ClassTable | None:
    """The class table that an export was written with; None for what is no export."""
    if not (folder / MANIFEST).is_file():
        return None
    with _missing_keys(folder):
        return ClassTable.from_dict(read_manifest(folder)["classes"])


def _of_export(folder: Path, scene: Scene, note: Callable[[str], None]) -> tuple[ClassTable, Parts]:
    manifest = read_manifest(folder)
    with _missing_keys(folder):
        table = ClassTable.from_dict(manifest["classes"])
        entry = _entry_of(folder, manifest["scenes"], scene)
        return table, _parts(folder, manifest, entry, table, scene, note)


@contextmanager
def _missing_keys(folder: Path) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{folder / MANIFEST}: there is no {error} in it: export again with this version"
        ) from None


def _mapping(path: Path, table: ClassTable, classes: ClassTable) -> ClassMapping:
    mapping = ClassMapping(table, classes)
    if mapping.unmatched:
        raise UserError(
            f"{path}: the classes {classes.name!r} lack {', '.join(mapping.unmatched)}, which "
            f"{table.name!r} has: choose a class table with these names"
        )
    return mapping


def _entry_of(folder: Path, entries: list[dict[str, Any]], scene: Scene) -> dict[str, Any]:
    """The manifest's entry of the scene."""
    for entry in entries:
        if entry["fingerprint"] == scene.fingerprint:
            return entry
    for entry in entries:
        if entry["name"] == scene.name and entry["shape_yx"] == list(scene.shape_yx):
            return entry
    names = ", ".join(entry["name"] for entry in entries)
    raise UserError(f"{folder}: holds labels of {names}, not of {scene.name}: choose that scene")


def _parts(
    folder: Path,
    manifest: dict[str, Any],
    entry: dict[str, Any],
    table: ClassTable,
    scene: Scene,
    note: Callable[[str], None],
) -> Parts:
    format_name = manifest["format"]
    if format_name in (*FRAME_LAYOUTS, "coco", "yolo"):
        from napari_uhrnet.export.frames.read import frame_parts

        return frame_parts(folder, manifest, entry, table)
    file = folder / entry["file"]
    if format_name in ("geojson", "gpkg"):
        from napari_uhrnet.export.vectors.read import polygon_blocks

        return polygon_blocks(file, scene, table, note)
    from napari_uhrnet.export.maps.read import map_blocks

    return map_blocks(file, scene.shape_yx)
