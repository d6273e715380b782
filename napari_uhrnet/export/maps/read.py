"""Whole-scene masks as ids, block by block."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.places import Grid, between, difference, is_straight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.datasets.masks import Strays, Truth
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.transform import Transform
    from napari_uhrnet.scene.base import Scene

_BLOCK_PX = 1024


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
    path: Path, scene: Scene, classes: ClassTable, note: Callable[[str], None]
) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
    """Windows and (h, w) ids of a mask that lies on the scene pixel by pixel, or by its CRS.

    ``note`` is given what is left out. UserError, at the end, for classes outside of the table.
    """
    from napari_uhrnet.datasets.masks import Strays, open_truth

    with open_truth(path, classes) as truth:
        strays = Strays(truth)
        laid = _laid(path, scene, truth, note)
        parts = _own_parts(truth, strays) if laid is None else _sampled(truth, scene, laid, strays)
        yield from parts
        strays.check(classes)
        for text in strays.notes():
            note(text)


def _laid(path: Path, scene: Scene, truth: Truth, note: Callable[[str], None]) -> Transform | None:
    """From pixels of the scene to the mask's if it has to be sampled; None if they are the same."""
    own, grid = Grid.of(scene.name, scene.picture), truth.grid
    found = difference(grid, own)
    if found is None:
        return None
    if found.kind == "system":
        raise UserError(f"{path}: {found.text}: warp the mask to that of the scene")
    if not found.placed or own.transform is None or grid.transform is None:
        raise UserError(
            f"{path}: {found.text}: choose a mask of the scene's size, or one with a georeference"
        )
    laid = between(own.transform, grid.transform)
    if laid is None or not is_straight(laid):
        raise UserError(f"{path}: {found.text}: warp the mask to the scene")
    note(f"the mask {found.text}: it was laid where its georeference says")
    return laid


def _own_parts(truth: Truth, strays: Strays) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
    for window in truth.blocks():
        counted = truth.read_counted(window)
        strays.add(counted)
        yield window, counted.ids


def _sampled(
    truth: Truth, scene: Scene, laid: Transform, strays: Strays
) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
    """The mask's value at the centre of each pixel of the scene."""
    a, _, c, _, e, f = laid
    for window in blocks(scene.shape_yx, _BLOCK_PX):
        columns = np.floor((np.arange(window.x, window.right) + 0.5) * a + c).astype(np.int64)
        rows = np.floor((np.arange(window.y, window.bottom) + 0.5) * e + f).astype(np.int64)
        has_column = (columns >= 0) & (columns < truth.shape_yx[1])
        has_row = (rows >= 0) & (rows < truth.shape_yx[0])
        columns, rows = columns[has_column], rows[has_row]
        if not (columns.size and rows.size):
            continue
        top, left = int(rows.min()), int(columns.min())
        part = truth.read_counted(
            Window.between(top, left, int(rows.max()) + 1, int(columns.max()) + 1)
        )
        strays.add(part)
        ids = np.full(window.shape_yx, NOTHING, np.uint8)
        ids[np.ix_(has_row, has_column)] = part.ids[np.ix_(rows - top, columns - left)]
        yield window, ids
