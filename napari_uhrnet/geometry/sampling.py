"""Bilinear sampling between grids of cells whose positions are known exactly.

RoI-align for axis-aligned boxes is separable: one small matrix per axis. Used to look at the global
features from a patch, and to paste the descriptors of neighbouring patches at their true offsets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def sampling_matrix(
    source_start_px: float,
    source_cell_px: float,
    source_cells: int,
    target_start_px: float,
    target_cell_px: float,
    target_cells: int,
    *,
    beyond: bool,
) -> NDArray[np.float32]:
    """(target_cells, source_cells) weights: value at a target cell's centre from source cells.

    Cell i of a grid covers ``start + i * cell .. start + (i + 1) * cell``. Between the centres of
    source cells values are interpolated; from the outermost centre to the edge they are repeated.
    Centres outside of the source get a row of zeros, or the outermost value with ``beyond``.
    """
    centre = target_start_px + (np.arange(target_cells) + 0.5) * target_cell_px
    place = (centre - source_start_px) / source_cell_px - 0.5
    inside = (place >= -0.5) & (place < source_cells - 0.5)
    place = np.clip(place, 0, source_cells - 1)
    low = np.minimum(place.astype(int), max(source_cells - 2, 0))
    high = np.minimum(low + 1, source_cells - 1)
    matrix = np.zeros((target_cells, source_cells))
    rows = np.arange(target_cells)
    np.add.at(matrix, (rows, low), 1 - (place - low))
    np.add.at(matrix, (rows, high), place - low)
    if not beyond:
        matrix[~inside] = 0
    return matrix.astype(np.float32)


def averaging_matrix(
    source_start_px: float,
    source_cell_px: float,
    source_cells: int,
    target_start_px: float,
    target_cell_px: float,
    target_cells: int,
) -> NDArray[np.float32]:
    """(target_cells, source_cells): share of each target cell that each source cell covers.

    By area, so a row adds up to the part of the target cell that the source covers: 1 inside, less
    at its ends, 0 outside. Merging several sources and dividing by the sum of their rows averages
    them where they overlap.
    """
    source = source_start_px + np.arange(source_cells + 1) * source_cell_px
    target = target_start_px + np.arange(target_cells + 1) * target_cell_px
    first = np.maximum(target[:-1, None], source[None, :-1])
    last = np.minimum(target[1:, None], source[None, 1:])
    share: NDArray[np.float32] = (np.clip(last - first, 0, None) / target_cell_px).astype(
        np.float32
    )
    return share


def context_matrix(
    offsets_px: tuple[int | None, int | None, int | None], patch_px: int, cells: int
) -> NDArray[np.float32]:
    """(3 cells, 3 cells) weights that paste three neighbouring descriptors at their true places.

    One axis of the context of local feature fusion, which is 3 x patch_px wide with the patch in
    its middle. The source is the three descriptors of ``cells`` cells side by side (before, own,
    after), the target the context in cells of the same size. ``offsets_px`` are the neighbours'
    distances from the patch (the own one is 0), None where there is no neighbour. Where
    descriptors overlap they are averaged; rows that no descriptor reaches are zero.
    """
    cell_px = patch_px / cells
    blocks = [
        np.zeros((3 * cells, cells), np.float32)
        if offset is None
        else sampling_matrix(offset, cell_px, cells, -patch_px, cell_px, 3 * cells, beyond=False)
        for offset in offsets_px
    ]
    matrix = np.concatenate(blocks, axis=1)
    total = matrix.sum(axis=1, keepdims=True)
    scaled: NDArray[np.float32] = np.divide(
        matrix, total, out=np.zeros_like(matrix), where=total > 0
    )
    return scaled
