"""How overlapping patches are put together, one axis at a time.

Weights are separable: the weight of a patch at (y, x) is the product of its weights along y and x.
Because the patches of a grid form rows and columns, weights that add up to 1 along each axis add up
to 1 over the scene.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Blend = Literal["feather", "sum"]
Upsample = Literal["bilinear", "nearest"]


def feather(starts: Sequence[int], size_px: int, start: int, stop: int) -> NDArray[np.float64]:
    """(K, stop - start) weights of K overlapping windows for the pixels start .. stop.

    The raw weight of a pixel is its distance to the nearer end of the window, so that a patch
    counts least where it sees least of its surroundings; the columns are then scaled to add up
    to 1. A window that covers a pixel alone has weight 1 there, however near its end.
    """
    pixel = np.arange(start, stop) + 0.5
    first = np.asarray(starts, float)[:, None]
    raw = np.minimum(pixel - first, first + size_px - pixel)
    if raw.min(initial=1.0) <= 0:
        raise ValueError("a window does not cover the pixels that it is to be weighted for")
    weights: NDArray[np.float64] = raw / raw.sum(axis=0)
    return weights


def upsampling_matrix(
    cells: int, size_px: int, start: int, stop: int, mode: Upsample
) -> NDArray[np.float64]:
    """(stop - start, cells): from the cells of a patch's logits to its pixels start .. stop.

    ``cells`` cells cover the ``size_px`` pixels of the patch, outer edges coinciding (torch's
    ``align_corners=False``); bilinear repeats the outermost cells, nearest is torch's "nearest".
    """
    pixel = np.arange(start, stop)
    matrix = np.zeros((stop - start, cells))
    rows = np.arange(stop - start)
    if mode == "nearest":
        # Integer arithmetic: 127 cells on 508 px must not depend on the rounding of a ratio.
        matrix[rows, pixel * cells // size_px] = 1
        return matrix
    place = np.clip((pixel + 0.5) * cells / size_px - 0.5, 0, cells - 1)
    low = np.minimum(place.astype(int), max(cells - 2, 0))
    high = np.minimum(low + 1, cells - 1)
    np.add.at(matrix, (rows, low), 1 - (place - low))
    np.add.at(matrix, (rows, high), place - low)
    return matrix


def axis_weights(
    starts: Sequence[int], size_px: int, start: int, stop: int, blend: Blend
) -> NDArray[np.float64]:
    """(K, stop - start) weights of K overlapping windows; "sum" is 1 for each (GLNet)."""
    if blend == "feather":
        return feather(starts, size_px, start, stop)
    return np.ones((len(starts), stop - start))


def axis_matrices(
    starts: Sequence[int],
    size_px: int,
    cells: int,
    start: int,
    stop: int,
    *,
    upsample: Upsample,
    blend: Blend,
) -> list[NDArray[np.float32]]:
    """One (stop - start, cells) matrix a window: upsampling and blending in one.

    With M_y of row r and M_x of column c, the logits of the pixels of a rectangle are the sum over
    its patches of ``M_y @ logits[r, c] @ M_x.T``.
    """
    weights = axis_weights(starts, size_px, start, stop, blend)
    return [
        (w[:, None] * upsampling_matrix(cells, size_px, start - s, stop - s, upsample)).astype(
            np.float32
        )
        for s, w in zip(starts, weights, strict=True)
    ]
