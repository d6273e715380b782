"""The rectangles into which the edges of all patches cut a scene."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from napari_uhrnet.geometry.grid import Cell, PatchGrid


@dataclass(frozen=True)
class RectangleGrid:
    """Rectangles that are each covered by a fixed set of patches, and so finished at one moment.

    Rectangle (i, j) has the rows ``edges_yx[0][i] .. edges_yx[0][i + 1]`` and likewise columns; all
    of them together are the scene, without overlap.
    """

    patches: PatchGrid

    @cached_property
    def edges_yx(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Where the rectangles begin and end, per axis, from 0 to the scene's length."""
        grid = self.patches
        y, x = (
            tuple(sorted({0, length} | {min(e, length) for s in starts for e in (s, s + size)}))
            for length, starts, size in zip(
                grid.shape_yx, grid.starts_yx, grid.size_yx, strict=True
            )
        )
        return y, x

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rectangles (down, across)."""
        return len(self.edges_yx[0]) - 1, len(self.edges_yx[1]) - 1

    def window(self, cell: Cell) -> Window:
        """Pixels of a rectangle."""
        y, x = self.edges_yx
        return Window.between(y[cell[0]], x[cell[1]], y[cell[0] + 1], x[cell[1] + 1])

    @cached_property
    def _covering_yx(self) -> tuple[tuple[range, ...], tuple[range, ...]]:
        """For each interval of an axis, the indices of the grid rows (columns) that cover it."""
        grid = self.patches
        y, x = (
            tuple(
                _as_range([k for k, s in enumerate(starts) if s <= a and b <= s + size])
                for a, b in pairwise(edges)
            )
            for edges, starts, size in zip(self.edges_yx, grid.starts_yx, grid.size_yx, strict=True)
        )
        return y, x

    def patches_of(self, cell: Cell) -> tuple[range, range]:
        """Rows and columns of the patch grid whose patches cover a rectangle."""
        return self._covering_yx[0][cell[0]], self._covering_yx[1][cell[1]]

    def cells_touching(self, window: Window) -> list[Cell]:
        """Rectangles that share a pixel with a window, row by row."""
        window = window.clip(self.patches.shape_yx)
        if not window:
            return []
        rows = _interval_range(self.edges_yx[0], window.y, window.bottom)
        columns = _interval_range(self.edges_yx[1], window.x, window.right)
        return [(i, j) for i in rows for j in columns]


def _as_range(indices: list[int]) -> range:
    return range(indices[0], indices[-1] + 1)


def _interval_range(edges: tuple[int, ...], start: int, stop: int) -> range:
    return range(bisect_right(edges, start) - 1, bisect_right(edges, stop - 1))
