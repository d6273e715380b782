"""Small pictures of two results and of where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.affine import InferenceGrid
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.evaluation.comparison.blocks import Block
    from napari_uhrnet.geometry.window import Window

LONGEST_PX = 900


class ComparedMaps:
    """Labels by the nearest pixel, and the share of differing pixels, on a coarse grid.

    ``grid`` is the scene made small, ``window`` the part of it that covers the area. ``a``, ``b``
    and ``truth`` are (h, w) uint8 ids on it, at most ``longest_px`` + 1 along a side: cells at the
    ends may lie partly outside of the area.
    """

    def __init__(
        self, shape_yx: tuple[int, int], area: Window, longest_px: int = LONGEST_PX
    ) -> None:
        longest = max(area.shape_yx)
        # Half a pixel less: the grid's size is rounded, and may be rounded up.
        scale = 1.0 if longest <= longest_px else (longest_px - 0.5) / longest
        self.grid = InferenceGrid(shape_yx, scale)
        self.window = self.grid.from_level0(area)
        self._rows = self._sampled(0, self.window.y, self.window.bottom, area.y, area.bottom)
        self._columns = self._sampled(1, self.window.x, self.window.right, area.x, area.right)
        self.a, self.b, self.truth = (
            np.full(self.window.shape_yx, NOTHING, np.uint8) for _ in range(3)
        )
        self._compared = np.zeros(self.window.shape_yx)
        self._differing = np.zeros(self.window.shape_yx)

    @property
    def differing(self) -> NDArray[np.float64]:
        """(h, w) share of differing pixels among those with two classes; NaN where there is none.

        Of all pixels of level 0, so that the smallest difference leaves a trace.
        """
        share = np.full(self.window.shape_yx, np.nan)
        np.divide(self._differing, self._compared, out=share, where=self._compared > 0)
        return share

    def add(self, block: Block) -> None:
        """Take what the pictures need of a block."""
        rows, columns = (
            self._of(self._rows, block.window.y, block.window.bottom),
            self._of(self._columns, block.window.x, block.window.right),
        )
        source = np.ix_(self._rows[rows] - block.window.y, self._columns[columns] - block.window.x)
        self.a[rows, columns] = block.a[source]
        self.b[rows, columns] = block.b[source]
        if block.truth is not None:
            self.truth[rows, columns] = block.truth[source]
        both = (block.a != NOTHING) & (block.b != NOTHING)
        self._sum(self._compared, both, block.window)
        self._sum(self._differing, both & (block.a != block.b), block.window)

    def _sum(self, into: NDArray[np.float64], mask: NDArray[np.bool_], window: Window) -> None:
        """Add up the pixels of a window by the cells of the grid that they lie in."""
        sums = mask.astype(np.int64)
        place = []
        for axis, (start, stop, origin) in enumerate(
            ((window.y, window.bottom, self.window.y), (window.x, window.right, self.window.x))
        ):
            cells = self.grid.indices(axis, start, stop) - origin
            begins = np.flatnonzero(np.diff(cells, prepend=-1))
            sums = np.add.reduceat(sums, begins, axis=axis)
            place.append(slice(int(cells[0]), int(cells[-1]) + 1))
        into[place[0], place[1]] += sums

    def _sampled(self, axis: int, start: int, stop: int, low: int, high: int) -> NDArray[np.int64]:
        """Level-0 row or column at the centre of each cell, at most to the edge of the area."""
        n0, n = self.grid.level0_shape_yx[axis], self.grid.shape_yx[axis]
        centre = (2 * np.arange(start, stop, dtype=np.int64) + 1) * n0 // (2 * n)
        return np.clip(centre, low, high - 1)

    @staticmethod
    def _of(positions: NDArray[np.int64], start: int, stop: int) -> slice:
        first, last = np.searchsorted(positions, (start, stop))
        return slice(int(first), int(last))
