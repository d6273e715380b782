"""Connected regions of a class as polygons along pixel edges, whatever blocks they lie in.

A mask is read block by block. A region that crosses block borders is put together from its pieces
and handed out after the row of blocks in which it ends: memory holds the regions that are still
open, never the mask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.blocks import BLOCK_PX, blocks
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from shapely import Polygon

    from napari_uhrnet.geometry.blocks import Read
    from napari_uhrnet.geometry.window import Window


def regions(
    read: Read, shape_yx: tuple[int, int], block_px: int = BLOCK_PX
) -> Iterator[tuple[int, Polygon]]:
    """(class id, polygon) of each 4-connected region; 255 has none.

    Vertices are (x, y) corners of pixels: pixel (0, 0) reaches from (0, 0) to (1, 1). Polygons may
    have holes, are valid, and have no vertex that lies straight between its neighbours.
    """
    open_regions = _Open(shape_yx[1])
    for window in blocks(shape_yx, block_px):
        yield from open_regions.add(window, read(window), shape_yx)
        if window.right == shape_yx[1]:
            yield from open_regions.end_row(is_last=window.bottom == shape_yx[0])


class _Open:
    """Regions that may continue in the next block or row of blocks."""

    def __init__(self, width: int) -> None:
        self._above = np.zeros(width, np.int64)
        self._below = np.zeros(width, np.int64)
        self._left: NDArray[np.int64] | None = None
        self._parent: dict[int, int] = {}
        self._pieces: dict[int, list[Polygon]] = {}
        self._class: dict[int, int] = {}
        self._next = 1

    def add(
        self, window: Window, ids: NDArray[np.uint8], shape_yx: tuple[int, int]
    ) -> Iterator[tuple[int, Polygon]]:
        """Take the next block of the row; hands out the regions that lie wholly inside it."""
        from skimage.measure import label

        numbers = label(ids, background=NOTHING, connectivity=1).astype(np.int32)
        first = self._next
        for number, piece in _polygons(numbers, window):
            key = first + number - 1
            row, column = _some_pixel(piece)
            class_id = int(ids[row - window.y, column - window.x])
            if _may_continue(piece, window, shape_yx):
                self._parent[key], self._pieces[key], self._class[key] = key, [piece], class_id
            else:
                yield class_id, piece
        self._next += int(numbers.max())
        keys = np.where(numbers > 0, numbers.astype(np.int64) + first - 1, 0)
        span = slice(window.x, window.right)
        self._join(self._above[span], keys[0])
        if self._left is not None:
            self._join(self._left, keys[:, 0])
        self._left = keys[:, -1]
        self._below[span] = keys[-1]

    def end_row(self, is_last: bool) -> Iterator[tuple[int, Polygon]]:
        """Hands out the regions that end in this row of blocks."""
        below = () if is_last else np.unique(self._below).tolist()
        alive = {self._root(key) for key in below if key in self._parent}
        groups: dict[int, list[int]] = {}
        for key in self._parent:
            groups.setdefault(self._root(key), []).append(key)
        for root, keys in groups.items():
            if root not in alive:
                pieces = [piece for key in keys for piece in self._pieces.pop(key)]
                class_id = self._class[root]
                for key in keys:
                    del self._parent[key], self._class[key]
                yield class_id, _merged(pieces)
        self._above, self._below = self._below, self._above
        self._left = None

    def _join(self, before: NDArray[np.int64], after: NDArray[np.int64]) -> None:
        for pair in np.unique(np.stack([before, after]), axis=1).T:
            one, other = int(pair[0]), int(pair[1])
            if one and other and self._class[one] == self._class[other]:
                self._parent[self._root(other)] = self._root(one)

    def _root(self, key: int) -> int:
        while self._parent[key] != key:
            self._parent[key] = self._parent[self._parent[key]]
            key = self._parent[key]
        return key


def _polygons(numbers: NDArray[np.int32], window: Window) -> Iterator[tuple[int, Polygon]]:
    from rasterio.features import shapes
    from rasterio.transform import Affine
    from shapely.geometry import shape

    place = Affine.translation(window.x, window.y)
    for outline, number in shapes(numbers, mask=numbers > 0, connectivity=4, transform=place):
        yield int(number), shape(outline)


def _some_pixel(piece: Polygon) -> tuple[int, int]:
    """Row and column of a pixel inside: the one in the corner that comes first."""
    points = np.asarray(piece.exterior.coords)
    x, y = points[np.lexsort((points[:, 0], points[:, 1]))[0]]
    return int(y), int(x)


def _may_continue(piece: Polygon, window: Window, shape_yx: tuple[int, int]) -> bool:
    left, top, right, bottom = piece.bounds
    return bool(
        (left == window.x > 0)
        or (top == window.y > 0)
        or (right == window.right < shape_yx[1])
        or (bottom == window.bottom < shape_yx[0])
    )


def _merged(pieces: list[Polygon]) -> Polygon:
    if len(pieces) == 1:
        return pieces[0]
    from shapely import Polygon, union_all

    whole = union_all(pieces)
    return Polygon(_corners(whole.exterior), [_corners(ring) for ring in whole.interiors])


def _corners(ring: Any) -> NDArray[np.float64]:
    """(n, 2) vertices at which the outline turns."""
    points = np.asarray(ring.coords)[:-1]
    steps = np.diff(points, axis=0, append=points[:1])
    before = np.roll(steps, 1, axis=0)
    turns = steps[:, 0] * before[:, 1] != steps[:, 1] * before[:, 0]
    corners: NDArray[np.float64] = points[turns]
    return corners


def without_holes(polygon: Polygon) -> list[Polygon]:
    """The same area as polygons without holes, cut along pixel edges."""
    from shapely import Polygon, box

    if not polygon.interiors:
        return [polygon]
    left, top, right, bottom = polygon.bounds
    cut = polygon.interiors[0].bounds[0]
    pieces: list[Polygon] = []
    for x0, x1 in ((left, cut), (cut, right)):
        part = polygon.intersection(box(x0, top, x1, bottom))
        for each in getattr(part, "geoms", [part]):
            if isinstance(each, Polygon) and not each.is_empty:
                pieces += without_holes(each)
    return pieces
