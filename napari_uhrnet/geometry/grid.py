"""Evenly spaced, overlapping windows that cover a scene: the patch grid and the frame grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from napari_uhrnet.geometry.window import Window

Cell = tuple[int, int]
"""(row, column) of a window of a grid."""


def axis_starts(length_px: int, size_px: int, min_overlap_px: int) -> tuple[int, ...]:
    """First pixels of the windows of one axis.

    The smallest number n of windows that covers ``length_px`` with at least ``min_overlap_px``
    shared by neighbours, evenly spaced: GLNet's formula (``get_patch_info`` in
    ``helper_deep_globe.py``), so 2448 px in windows of 508 with an overlap of 50 gives n = 6 and a
    stride of 388. An axis no longer than a window has the one window at 0.
    """
    if length_px <= size_px:
        return (0,)
    if not 0 <= min_overlap_px < size_px:
        raise ValueError(f"overlap {min_overlap_px} px must be in 0..{size_px - 1}")
    n = 1 + math.ceil((length_px - size_px) / (size_px - min_overlap_px))
    stride = (length_px - size_px) / (n - 1)
    # numpy's rounding (half to even) as in GLNet; the last window always ends at the edge.
    return (*tuple(int(np.round(i * stride)) for i in range(n - 1)), length_px - size_px)


@dataclass(frozen=True)
class PatchGrid:
    """Windows of one size over a scene; a property of the scene, never of the view.

    Parameters
    ----------
    shape_yx
        (height, width) of the scene in pixels.
    patch_px
        Side of a window, or (height, width). A window may be larger than the scene: then it is the
        only one of its axis, starts at 0 and reaches past the scene's end (to be filled by
        reflection).
    min_overlap_px
        Least number of pixels that neighbours share.
    """

    shape_yx: tuple[int, int]
    patch_px: int | tuple[int, int]
    min_overlap_px: int

    @property
    def size_yx(self) -> tuple[int, int]:
        """(height, width) of every window."""
        size = self.patch_px
        return size if isinstance(size, tuple) else (size, size)

    @cached_property
    def starts_yx(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """First rows of the grid's rows, first columns of its columns."""
        y, x = (
            axis_starts(length, size, self.min_overlap_px)
            for length, size in zip(self.shape_yx, self.size_yx, strict=True)
        )
        return y, x

    @property
    def rows(self) -> int:
        """Number of windows from top to bottom."""
        return len(self.starts_yx[0])

    @property
    def columns(self) -> int:
        """Number of windows from left to right."""
        return len(self.starts_yx[1])

    def __len__(self) -> int:
        return self.rows * self.columns

    def cells(self) -> list[Cell]:
        """All windows in grid order: row by row."""
        return [(r, c) for r in range(self.rows) for c in range(self.columns)]

    def window(self, cell: Cell) -> Window:
        """Pixels of a window; may reach past a scene that is smaller than it."""
        return Window(self.starts_yx[0][cell[0]], self.starts_yx[1][cell[1]], *self.size_yx)

    def neighbours(self, cell: Cell) -> list[Cell]:
        """The up to eight windows around one, in grid order."""
        r, c = cell
        return [
            (i, j)
            for i in range(max(0, r - 1), min(self.rows, r + 2))
            for j in range(max(0, c - 1), min(self.columns, c + 2))
            if (i, j) != cell
        ]

    def cells_touching(self, window: Window) -> list[Cell]:
        """Windows that share at least one pixel with the given one, in grid order."""
        window = window.clip(self.shape_yx)
        if not window:
            return []
        ranges = (
            [i for i, s in enumerate(starts) if s < stop and s + size > start]
            for starts, size, start, stop in zip(
                self.starts_yx,
                self.size_yx,
                (window.y, window.x),
                (window.bottom, window.right),
                strict=True,
            )
        )
        rows, columns = ranges
        return [(r, c) for r in rows for c in columns]


def frame_grid(shape_yx: tuple[int, int], frame_px: int, patch_px: int) -> PatchGrid:
    """The grid of frames: what the global branch sees at once.

    Frames overlap by at least a patch, so that every patch lies whole inside one of them. Along an
    axis no longer than a frame there is one frame of the axis's own length.
    """
    if frame_px <= patch_px:
        raise ValueError(f"a frame ({frame_px} px) must be larger than a patch ({patch_px} px)")
    height, width = (min(frame_px, length) for length in shape_yx)
    return PatchGrid(shape_yx, (height, width), patch_px)


def frame_of(patch: Window, frames: PatchGrid) -> Cell:
    """The frame in whose interior a patch lies deepest.

    Depth is the least distance from the patch to the frame's edge; an edge that is also the
    scene's does not count, there is nothing behind it. Ties go to the frame nearer the origin.
    """
    y = _deepest(patch.y, patch.bottom, frames.starts_yx[0], frames.size_yx[0], frames.shape_yx[0])
    x = _deepest(patch.x, patch.right, frames.starts_yx[1], frames.size_yx[1], frames.shape_yx[1])
    return y, x


def _deepest(start: int, stop: int, starts: tuple[int, ...], size: int, length: int) -> int:
    def depth(first: int) -> float:
        before = math.inf if first == 0 else start - first
        after = math.inf if first + size >= length else first + size - stop
        return min(before, after)

    return max(range(len(starts)), key=lambda i: (depth(starts[i]), -i))
