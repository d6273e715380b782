"""Edits of all labels in a polygon of any size, block by block, undone in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.blocks import blocks_in
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.correct import words
from napari_uhrnet.session.correct.operations import SetClass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.polygon import Polygon
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.session.correct.corrections import Corrections
    from napari_uhrnet.session.correct.operations import Operation

    Progress = Callable[[float], None]

BLOCK_PX = 1024
"""Side of a block; a multiple of the store's chunks, so that each is written once."""


def edit_region(
    corrections: Corrections,
    polygon: Polygon,
    operation: Operation,
    progress: Progress | None = None,
) -> None:
    """Apply an operation to the labels shown in a polygon of level-0 vertices, as one edit.

    Commit first what was painted, and check the window out again afterwards. Pixels of protected
    classes stay. ``progress`` is called with the share that is done; if it raises, nothing has
    happened.
    """
    journal = corrections.journal
    with journal.group(operation.kind):
        for block, mask in polygon_blocks(polygon, journal.store.shape_yx, progress):
            shown, wanted = _apply(corrections, block, operation)
            changed = corrections.keeping_protected(shown, wanted) & mask
            if changed.any():
                labels = journal.store.read(block)
                labels[changed] = wanted[changed]
                journal.edit(block, labels)


def take_prediction(
    corrections: Corrections, polygon: Polygon, progress: Progress | None = None
) -> None:
    """Erase the corrections in a polygon, reviewed ones too; the prediction shows again."""
    operation = SetClass(NOTHING, kind=words.RESET)
    edit_region(corrections, polygon, operation, progress)


def mark_region_reviewed(
    corrections: Corrections,
    polygon: Polygon,
    checkpoint_hash: str,
    progress: Progress | None = None,
) -> None:
    """Freeze what is shown in a polygon; where nothing is shown, nothing is reviewed."""
    journal = corrections.journal
    with journal.group(words.MARK_REVIEWED):
        for block, mask in polygon_blocks(polygon, journal.store.shape_yx, progress):
            journal.mark_reviewed(block, corrections.shown(block), checkpoint_hash, mask)


def unmark_region_reviewed(
    corrections: Corrections, polygon: Polygon, progress: Progress | None = None
) -> None:
    """Nothing in a polygon is reviewed any more; its labels stay as corrections."""
    journal = corrections.journal
    with journal.group(words.UNMARK_REVIEWED):
        for block, mask in polygon_blocks(polygon, journal.store.shape_yx, progress):
            journal.unmark_reviewed(block, mask)


def polygon_blocks(
    polygon: Polygon, shape_yx: tuple[int, int], progress: Progress | None = None
) -> Iterator[tuple[Window, NDArray[np.bool_]]]:
    """(block, (h, w) bool mask) of a scene for all blocks that hold pixels of a polygon."""
    inside = polygon.window.clip(shape_yx)
    if not inside:
        return
    parts = list(blocks_in(inside, BLOCK_PX))
    for k, block in enumerate(parts, 1):
        mask = polygon.inside(block)
        if mask.any():
            yield block, mask
        if progress is not None:
            progress(k / len(parts))


def _apply(
    corrections: Corrections, block: Window, operation: Operation
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Shown and wanted labels of a block, (h, w) uint8 each."""
    shape_yx = corrections.journal.store.shape_yx
    around = block.expand(operation.halo_px).clip(shape_yx)
    shown = corrections.shown(around)
    at_edge = (
        around.y == 0,
        around.x == 0,
        around.bottom == shape_yx[0],
        around.right == shape_yx[1],
    )
    place = block.relative_to(around).slices
    wanted = operation(shown, at_edge)
    return np.ascontiguousarray(shown[place]), np.ascontiguousarray(wanted[place])
