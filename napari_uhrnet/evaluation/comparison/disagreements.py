"""Where two results disagree: connected regions, largest first, found block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from napari_uhrnet.evaluation.comparison.blocks import Block

KEPT_REGIONS = 1000
"""The largest regions that are listed; the others are only counted."""

_SIZE, _BOTTOM, _RIGHT, _TOP, _LEFT, _FIRST, _CODE = range(7)
"""Columns of the tables of regions. Corners are half-open and count from the scene's corner; first
is y * scene width + x of a region's first pixel; code is 256 a + b."""


@dataclass(frozen=True)
class Region:
    """Connected pixels (by their sides) which A and B give the same two different classes.

    ``point_yx`` is the first of them, row by row; ``window`` is their bounding box; both in
    level-0 pixels.
    """

    a: int
    b: int
    size_px: int
    window: Window
    point_yx: tuple[int, int]


@dataclass(frozen=True)
class Regions:
    """The largest regions, largest first (of equal ones the upper left first), and how many were.

    ``total`` and ``total_px`` count all regions, the ones that are not listed too.
    """

    largest: tuple[Region, ...]
    total: int
    total_px: int

    def of(self, a: int | None = None, b: int | None = None) -> tuple[Region, ...]:
        """Those of the listed regions that are ``a`` in A and ``b`` in B; None is any class."""
        return tuple(r for r in self.largest if a in (None, r.a) and b in (None, r.b))


class RegionFinder:
    """Takes the blocks of an area row by row and joins what touches over their borders.

    Memory: the regions that are listed, one block, and one row of pixels as wide as the area with
    the regions that reach it; regions that no later block can touch are closed at once.

    Parameters
    ----------
    area
        The window that the blocks tile, in level-0 pixels.
    scene_width_px
        Width of level 0.
    keep
        How many of the largest regions are listed.
    pairs
        Only regions of these pairs (class id of A, of B); None: of all.
    """

    def __init__(
        self,
        area: Window,
        scene_width_px: int,
        keep: int = KEPT_REGIONS,
        pairs: Collection[tuple[int, int]] | None = None,
    ) -> None:
        self._area, self._stride, self._keep = area, scene_width_px, keep
        self._codes = None if pairs is None else [256 * a + b for a, b in pairs]
        self._open = np.zeros((0, 7), np.int64)
        self._kept = np.zeros((0, 7), np.int64)
        self._total = self._total_px = 0
        # Code and row in `_open` (-1: none) of the pixels above and to the left of what comes.
        self._above = _Border(area.width)
        self._beside = _Border(0)

    def add(self, block: Block) -> None:
        """The next block, to the right of the last one or the first of the next row."""
        from skimage.measure import label

        codes = self._disagreement(block)
        labels = label(codes, background=0, connectivity=1)
        table = _table_of(codes, labels, block.window, self._stride)
        left = block.window.x - self._area.x
        across = slice(left, left + block.window.width)
        if left == 0:
            self._beside = _Border(block.window.height)
        ids = labels.astype(np.int64) - 1 + len(self._open)
        ids[labels == 0] = -1
        links = [
            self._above.part(across).links(codes[0], ids[0]),
            self._beside.links(codes[:, 0], ids[:, 0]),
        ]
        self._above.set(across, codes[-1], ids[-1])
        self._beside = _Border.of(codes[:, -1], ids[:, -1])
        self._join(np.concatenate([self._open, table]), np.concatenate(links, axis=1))

    def regions(self) -> Regions:
        """All regions of the blocks that were added; the finder takes no more blocks then."""
        self._close(self._open)
        self._prune()
        listed = tuple(_region(row, self._stride) for row in self._kept)
        return Regions(listed, self._total, self._total_px)

    def _disagreement(self, block: Block) -> NDArray[np.uint16]:
        """(h, w) 256 a + b where A and B have different classes, else 0."""
        a, b = block.a, block.b
        codes = a.astype(np.uint16) * 256 + b
        codes[(a == b) | (a == NOTHING) | (b == NOTHING)] = 0
        if self._codes is not None:
            codes[~np.isin(codes, self._codes)] = 0
        return codes

    def _join(self, table: NDArray[np.int64], links: NDArray[np.int64]) -> None:
        """Unite the rows that are linked; close those that no later block can reach."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        shape = (len(table), len(table))
        graph = coo_array((np.ones(links.shape[1], bool), (links[0], links[1])), shape=shape)
        count, group = connected_components(graph, directed=False)
        united = _united(table, group, count)
        reached = np.zeros(count, bool)
        for border in (self._above, self._beside):
            border.rename(group)
            reached[border.ids[border.ids >= 0]] = True
        self._close(united[~reached])
        self._open = united[reached]
        rank = np.cumsum(reached) - 1
        for border in (self._above, self._beside):
            border.rename(rank)

    def _close(self, table: NDArray[np.int64]) -> None:
        self._total += len(table)
        self._total_px += int(table[:, _SIZE].sum())
        self._kept = np.concatenate([self._kept, table])
        self._prune()

    def _prune(self) -> None:
        order = np.lexsort((self._kept[:, _FIRST], -self._kept[:, _SIZE]))
        self._kept = self._kept[order[: self._keep]]


class _Border:
    """Codes and region numbers (-1: none) of a row or column of pixels."""

    def __init__(self, length: int) -> None:
        self.codes = np.zeros(length, np.uint16)
        self.ids = np.full(length, -1, np.int64)

    @classmethod
    def of(cls, codes: NDArray[np.uint16], ids: NDArray[np.int64]) -> _Border:
        border = cls(0)
        border.codes, border.ids = codes.copy(), ids.copy()
        return border

    def part(self, where: slice) -> _Border:
        return _Border.of(self.codes[where], self.ids[where])

    def set(self, where: slice, codes: NDArray[np.uint16], ids: NDArray[np.int64]) -> None:
        self.codes[where], self.ids[where] = codes, ids

    def links(self, codes: NDArray[np.uint16], ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """(2, N) pairs of region numbers, on both sides of the border, that are one region."""
        same = (self.codes == codes) & (codes != 0)
        return np.stack([self.ids[same], ids[same]])

    def rename(self, new: NDArray[np.integer]) -> None:
        there = self.ids >= 0
        self.ids[there] = new[self.ids[there]]


def _table_of(
    codes: NDArray[np.uint16], labels: NDArray[np.integer], window: Window, stride: int
) -> NDArray[np.int64]:
    """(N, 7) the regions labelled 1 .. N in a block."""
    table = np.zeros((int(labels.max(initial=0)), 7), np.int64)
    if not len(table):
        return table
    y, x = np.nonzero(labels)
    index = labels[y, x] - 1
    table[:, _SIZE] = np.bincount(index)
    # Of several values for one row the last one stays, hence forwards for the last pixel of a
    # region and backwards for its first; np.nonzero goes row by row.
    table[index, _BOTTOM] = y + window.y + 1
    table[index[::-1], _TOP] = y[::-1] + window.y
    table[index[::-1], _FIRST] = (y[::-1] + window.y) * stride + x[::-1] + window.x
    table[index, _CODE] = codes[y, x]
    by_column = np.argsort(x, kind="stable")
    index, x = index[by_column], x[by_column]
    table[index, _RIGHT] = x + window.x + 1
    table[index[::-1], _LEFT] = x[::-1] + window.x
    return table


def _united(table: NDArray[np.int64], group: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """(count, 7) one row for all rows of a group."""
    united = np.zeros((count, 7), np.int64)
    united[:, _TOP : _CODE + 1] = np.iinfo(np.int64).max
    np.add.at(united[:, _SIZE], group, table[:, _SIZE])
    for column in (_BOTTOM, _RIGHT):
        np.maximum.at(united[:, column], group, table[:, column])
    for column in (_TOP, _LEFT, _FIRST, _CODE):
        np.minimum.at(united[:, column], group, table[:, column])
    return united


def _region(row: NDArray[np.int64], stride: int) -> Region:
    size, bottom, right, top, left, first, code = (int(v) for v in row)
    window = Window.between(top, left, bottom, right)
    return Region(code // 256, code % 256, size, window, divmod(first, stride))
