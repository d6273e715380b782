"""How a prediction is laid out: rectangles, planes, pyramid levels and chunks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

FORMAT_VERSION = 1
CHUNK_PX = 512
COARSEST_PX = 512
THUMBNAIL_PX = 64

Cell = tuple[int, int]
Slices = tuple[slice, slice]
Piece = tuple[Cell, Slices, Slices]
"""(rectangle, where in the chunk, which pixels of the rectangle)."""


@dataclass(frozen=True)
class StoreLayout:
    """Shape, rectangle edges (from 0 to the shape, ascending) and names of the planes."""

    shape_yx: tuple[int, int]
    row_edges: tuple[int, ...]
    column_edges: tuple[int, ...]
    planes: tuple[str, ...]

    def __post_init__(self) -> None:
        for edges, length in zip(self.edges_yx, self.shape_yx, strict=True):
            if edges[0] != 0 or edges[-1] != length or any(b <= a for a, b in pairwise(edges)):
                raise ValueError(f"rectangle edges {edges} do not ascend from 0 to {length}")
        if not self.planes or len(set(self.planes)) != len(self.planes):
            raise ValueError(f"planes must be different names, not {self.planes}")

    @property
    def edges_yx(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Row edges and column edges."""
        return self.row_edges, self.column_edges

    @property
    def counted_planes(self) -> tuple[str, ...]:
        """The planes that hold class ids, whose classes are counted."""
        return tuple(p for p in self.planes if p.split("/")[-1] == "labels")

    @property
    def cells_yx(self) -> tuple[int, int]:
        """Number of rectangles (down, across)."""
        return len(self.row_edges) - 1, len(self.column_edges) - 1

    @cached_property
    def areas_px(self) -> NDArray[np.int64]:
        """(rows, columns) pixels of each rectangle."""
        heights, widths = (np.asarray(e[1:]) - np.asarray(e[:-1]) for e in self.edges_yx)
        return np.outer(heights, widths).astype(np.int64)

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """Every how many pixels each pyramid level takes one: 1, 2, 4, ... and one far coarser.

        The last level but one is at most 512 px. The last, at most 64 px, is there because napari
        loads the coarsest level once and never again: that level must not be one that is looked at.
        """
        steps = [1]
        while max(self.level_shape(steps[-1])) > COARSEST_PX:
            steps.append(steps[-1] * 2)
        extra = steps[-1] * 2
        while max(self.level_shape(extra)) > THUMBNAIL_PX:
            extra *= 2
        # A scene of one pixel has nothing coarser.
        return (*steps, extra) if max(self.shape_yx) > 1 else tuple(steps)

    def level_shape(self, step: int) -> tuple[int, int]:
        """(height, width) of the level that takes one pixel in ``step``."""
        height, width = (-(-n // step) for n in self.shape_yx)
        return height, width

    def chunk_shape(self, step: int) -> tuple[int, int]:
        """(height, width) of the chunks of a level."""
        height, width = (min(CHUNK_PX, n) for n in self.level_shape(step))
        return height, width

    def window(self, cell: Cell) -> Window:
        """Pixels of rectangle (i, j)."""
        (i, j), (rows, columns) = cell, self.edges_yx
        return Window.between(rows[i], columns[j], rows[i + 1], columns[j + 1])

    def pieces(self, cells: Iterable[Cell], step: int) -> dict[Cell, list[Piece]]:
        """For each chunk of a level that the rectangles touch, what of which goes where."""
        chunk_h, chunk_w = self.chunk_shape(step)
        pieces: dict[Cell, list[Piece]] = {}
        for cell in cells:
            window = self.window(cell)
            for cy, in_chunk_y, source_y in _along(window.y, window.bottom, step, chunk_h):
                for cx, in_chunk_x, source_x in _along(window.x, window.right, step, chunk_w):
                    piece = (cell, (in_chunk_y, in_chunk_x), (source_y, source_x))
                    pieces.setdefault((cy, cx), []).append(piece)
        return pieces

    def to_attributes(self) -> dict[str, Any]:
        """What identifies a store with this layout on disk (JSON)."""
        return {
            "format": FORMAT_VERSION,
            "shape_yx": list(self.shape_yx),
            "row_edges": list(self.row_edges),
            "column_edges": list(self.column_edges),
            "planes": list(self.planes),
        }


def _along(start: int, stop: int, step: int, chunk: int) -> Iterable[tuple[int, slice, slice]]:
    """(chunk index, pixels of the chunk, pixels of start .. stop) along one axis of a level.

    Level pixel k is level-0 pixel k * step wherever the rectangle begins, so a level is
    ``level0[::step]`` in whatever order the rectangles come.
    """
    first, end = -(-start // step), -(-stop // step)
    while first < end:
        index = first // chunk
        last = min(end, (index + 1) * chunk)
        yield (
            index,
            slice(first - index * chunk, last - index * chunk),
            slice(first * step - start, (last - 1) * step - start + 1, step),
        )
        first = last
