"""Move the border of a class to the edges of the image, in a polygon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.correct import words
from napari_uhrnet.session.correct.editable import EDIT_PX
from napari_uhrnet.session.correct.operations import to_nearest_other
from napari_uhrnet.session.correct.region_edits import polygon_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.polygon import Polygon
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.session.correct.corrections import Corrections
    from napari_uhrnet.session.correct.region_edits import Progress

    ReadRgb = Callable[[Window], NDArray[np.uint8]]

SIGMA_PX = 1.0
"""The image is smoothed by so much first, so that single pixels are no edges."""
PULL = 6.0
"""A border stays where it is unless an edge rises by more than this, in grey levels per pixel."""


def snap_region(
    corrections: Corrections,
    polygon: Polygon,
    class_id: int,
    reach_px: int,
    read_rgb: ReadRgb,
    progress: Progress | None = None,
) -> None:
    """Move the border of a class to the image's edges in a polygon of level-0 vertices.

    One edit, as `region_edits.edit_region` makes it. A border can run far along an edge, so the
    polygon is not cut into blocks: it may be 4096 px high and wide, which also bounds the memory.

    Parameters
    ----------
    read_rgb
        Gives the (h, w, 3) uint8 pixels of a level-0 window.

    Raises
    ------
    UserError
        The polygon is too large.
    """
    journal = corrections.journal
    inside = polygon.window.clip(journal.store.shape_yx)
    if max(inside.shape_yx) > EDIT_PX:
        raise UserError(
            f"The polygon is {inside.width} x {inside.height} pixels large: to snap to edges, draw "
            f"one of at most {EDIT_PX} x {EDIT_PX}."
        )
    if not inside:
        return
    around = inside.expand(2 * reach_px + 1).clip(journal.store.shape_yx)
    shown = corrections.shown(around)
    wanted = snapped(shown, read_rgb(around), class_id, reach_px)
    with journal.group(words.SNAP):
        for block, mask in polygon_blocks(polygon, journal.store.shape_yx, progress):
            place = block.relative_to(around).slices
            changed = corrections.keeping_protected(shown[place], wanted[place]) & mask
            if changed.any():
                labels = journal.store.read(block)
                labels[changed] = wanted[place][changed]
                journal.edit(block, labels)


def snapped(
    shown: NDArray[np.uint8], rgb: NDArray[np.uint8], class_id: int, reach_px: int
) -> NDArray[np.uint8]:
    """(h, w) uint8 labels where the border of a class follows the edges of (h, w, 3) pixels.

    A watershed between what is more than ``reach_px`` inside the class and more than that outside
    of it. Pieces (and holes) so narrow that nothing of them is stay as they are, and so does a
    border without an edge nearby. What the class gives away goes to the nearest other one.
    """
    from scipy.ndimage import distance_transform_edt
    from skimage.segmentation import watershed

    own, other = (
        _wide(mask, reach_px) for mask in (shown == class_id, ~np.isin(shown, (class_id, NOTHING)))
    )
    if not (own.any() and other.any()):
        return shown.copy()
    # Distance to the other side of the border, in float32 to spare memory.
    away = np.where(
        own, *(distance_transform_edt(~side).astype(np.float32) for side in (other, own))
    )
    near = (own | other) & (away <= reach_px)
    markers = np.where(near, 0, own + 2 * other).astype(np.int8)
    height = edge_strength(rgb) + PULL * (1 - np.minimum(away, reach_px) / reach_px)
    sides = watershed(height, markers, mask=own | other)
    kept = to_nearest_other(shown, own & (sides == 2), class_id, 2 * reach_px)
    return np.where(other & (sides == 1), np.uint8(class_id), kept)


def edge_strength(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(h, w) float32: how steep the steepest channel of (h, w, 3) is, in grey levels per pixel."""
    from scipy.ndimage import gaussian_gradient_magnitude

    strength = np.zeros(rgb.shape[:2], np.float32)
    for channel in range(rgb.shape[2]):
        values = rgb[..., channel].astype(np.float32)
        np.maximum(strength, gaussian_gradient_magnitude(values, SIGMA_PX), out=strength)
    return strength


def _wide(mask: NDArray[np.bool_], reach_px: int) -> NDArray[np.bool_]:
    """The pieces of a mask that hold a pixel more than a reach away from what is not in it."""
    from scipy.ndimage import distance_transform_edt, label

    pieces, count = label(mask)
    wide = np.zeros(count + 1, np.bool_)
    wide[pieces[distance_transform_edt(mask) > reach_px]] = True
    wide[0] = False
    kept: NDArray[np.bool_] = wide[pieces]
    return kept
