"""Whole-scene masks as ids, block by block."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.datasets.masks import Truth
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.transform import Transform
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.scene.picture.picture import Georeference

_BLOCK_PX = 1024
_SAME_PLACE_PX = 0.01


def map_blocks(path: Path, shape_yx: tuple[int, int]) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
    """Windows and (h, w) ids of the GeoTIFF or OME-Zarr of an export, as they are stored."""
    from napari_uhrnet.scene.open import open_stored

    with closing(open_stored(path)) as picture:
        level = picture.levels[0]
        if level.shape[:2] != shape_yx or level.dtype != np.uint8:
            raise UserError(f"{path}: is not the mask that the manifest describes: export again")
        for window in blocks(shape_yx):
            yield window, level.read(window)[..., 0]


def mask_blocks(
    path: Path, scene: Scene, classes: ClassTable
) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
    """Windows and (h, w) ids of a mask that lies on the scene pixel by pixel, or by its CRS."""
    from napari_uhrnet.datasets.masks import open_truth

    georeference = _georeference(path)
    with open_truth(path, classes) as truth:
        place = _place(path, scene, truth, georeference)
        if place is None:
            for window in truth.blocks():
                yield window, truth.read(window)
        else:
            yield from _sampled(truth, scene, place)


def _georeference(path: Path) -> Georeference:
    from napari_uhrnet.scene.open import open_stored

    with closing(open_stored(path)) as picture:
        return picture.georeference


def _place(path: Path, scene: Scene, truth: Truth, georeference: Georeference) -> Transform | None:
    """The mask's transform if it has to be sampled; None if its pixels are the scene's."""
    own, other = scene.transform, georeference.transform
    if own is None or other is None or _same_place(own, other):
        if truth.shape_yx == scene.shape_yx:
            return None
        (height, width), (h, w) = truth.shape_yx, scene.shape_yx
        raise UserError(
            f"{path}: is {width} x {height} px and {scene.name} is {w} x {h}: choose a mask of the "
            "scene's size, or one with a georeference"
        )
    _check_crs(path, scene, georeference)
    if any((own[1], own[3], other[1], other[3])):
        raise UserError(f"{path}: the mask or {scene.name} is rotated: warp the mask to the scene")
    return other


def _same_place(one: Transform, other: Transform) -> bool:
    """Whether pixels lie on each other, to a hundredth of one, as far as shapes are equal."""
    limit = _SAME_PLACE_PX * max(abs(one[0]), abs(one[1]))
    return bool(np.allclose(one, other, rtol=1e-9, atol=limit * 1e-4)) and all(
        abs(one[k] - other[k]) <= limit for k in (2, 5)
    )


def _check_crs(path: Path, scene: Scene, georeference: Georeference) -> None:
    from rasterio.crs import CRS

    if scene.crs is None or georeference.crs is None:
        return
    if CRS.from_wkt(scene.crs) != CRS.from_wkt(georeference.crs):
        raise UserError(
            f"{path}: has another coordinate reference system than {scene.name}: warp the mask to "
            "that of the scene"
        )


def _sampled(
    truth: Truth, scene: Scene, place: Transform
) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
    """The mask's value at the centre of each pixel of the scene."""
    assert scene.transform is not None
    a, _, c, _, e, f = scene.transform
    for window in blocks(scene.shape_yx, _BLOCK_PX):
        xs = (np.arange(window.x, window.right) + 0.5) * a + c
        ys = (np.arange(window.y, window.bottom) + 0.5) * e + f
        columns = np.floor((xs - place[2]) / place[0]).astype(np.int64)
        rows = np.floor((ys - place[5]) / place[4]).astype(np.int64)
        has_column = (columns >= 0) & (columns < truth.shape_yx[1])
        has_row = (rows >= 0) & (rows < truth.shape_yx[0])
        columns, rows = columns[has_column], rows[has_row]
        if not (columns.size and rows.size):
            continue
        top, left = int(rows.min()), int(columns.min())
        part = truth.read(Window.between(top, left, int(rows.max()) + 1, int(columns.max()) + 1))
        ids = np.full(window.shape_yx, NOTHING, np.uint8)
        ids[np.ix_(has_row, has_column)] = part[np.ix_(rows - top, columns - left)]
        yield window, ids
