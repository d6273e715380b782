"""Which pixels lie in a polygon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


class Polygon:
    """A closed polygon whose vertices count pixels, (0, 0) being the centre of the first one.

    Parameters
    ----------
    vertices_yx
        (N, 2) positions (y, x), N >= 3, in either direction, the first one not repeated. Where
        the outline crosses itself, the even-odd rule holds.

    Raises
    ------
    UserError
        These are not the vertices of a polygon.
    """

    def __init__(self, vertices_yx: ArrayLike | Sequence[tuple[float, float]]) -> None:
        vertices = np.asarray(vertices_yx, np.float64)
        if vertices.ndim != 2 or vertices.shape[1] != 2 or len(vertices) < 3:
            raise UserError("a polygon needs three or more vertices (y, x)")
        if not np.isfinite(vertices).all():
            raise UserError("a vertex of the polygon is no number: draw it again")
        self.vertices_yx = vertices

    @property
    def window(self) -> Window:
        """The smallest window that holds all pixels whose centres are inside; may be empty."""
        top, left = np.ceil(self.vertices_yx.min(axis=0)).astype(int)
        bottom, right = np.floor(self.vertices_yx.max(axis=0)).astype(int) + 1
        return Window.between(int(top), int(left), int(bottom), int(right))

    def inside(self, window: Window) -> NDArray[np.bool_]:
        """(h, w) bool: the pixels of a window whose centres are inside.

        Does not depend on which window is asked for. Of the centres on the outline, those at its
        top and left are inside, so that polygons side by side share no pixel.
        """
        # A pixel is inside if an odd number of edges pass it on the left (or through its centre).
        passes = np.zeros((window.height, window.width + 1), np.int32)
        starts, ends = self.vertices_yx, np.roll(self.vertices_yx, -1, axis=0)
        for (y1, x1), (y2, x2) in zip(starts, ends, strict=True):
            first = max(window.y, int(np.ceil(min(y1, y2))))
            last = min(window.bottom, int(np.ceil(max(y1, y2))))
            if first >= last:
                continue
            rows = np.arange(first, last)
            crossing = x1 + (rows - y1) * ((x2 - x1) / (y2 - y1))
            column = np.clip(np.ceil(crossing) - window.x, 0, window.width).astype(np.intp)
            passes[rows - window.y, column] += 1
        inside: NDArray[np.bool_] = passes.cumsum(axis=1)[:, :-1] % 2 == 1
        return inside
