"""The part of a scene that is compared, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_uhrnet.evaluation.comparison.results import Result
    from napari_uhrnet.geometry.polygon import Polygon

BLOCK_PX = 1024
"""Side of the blocks that are compared at once."""


@dataclass(frozen=True)
class Block:
    """(h, w) uint8 ids of a window of level 0, in one class table; 255 outside of the area."""

    window: Window
    a: NDArray[np.uint8]
    b: NDArray[np.uint8]
    truth: NDArray[np.uint8] | None


@dataclass(frozen=True)
class Area:
    """A window of level 0, and of that only what lies in a polygon, if there is one."""

    window: Window
    polygon: Polygon | None = None

    @classmethod
    def of(
        cls,
        shape_yx: tuple[int, int],
        window: Window | None = None,
        polygon: Polygon | None = None,
    ) -> Area:
        """The whole scene, a window or a polygon of it; UserError if no pixel of it is inside."""
        place = (window or Window.of_shape(shape_yx)).clip(shape_yx)
        if polygon is not None:
            place = place.intersect(polygon.window)
        if not place:
            raise UserError("the area to compare has no pixel of the scene: choose another one")
        return cls(place, polygon)

    def windows(self, block_px: int) -> Iterator[Window]:
        """The blocks that tile the window, row by row."""
        for block in blocks(self.window.shape_yx, block_px):
            yield block.shift(self.window.y, self.window.x)

    def read(self, a: Result, b: Result, truth: Result | None, window: Window) -> Block:
        """A block of all results; nothing is read where the polygon is not."""
        outside = None if self.polygon is None else ~self.polygon.inside(window)

        def labels(result: Result) -> NDArray[np.uint8]:
            if outside is None:
                return result.read(window)
            if outside.all():
                return np.full(window.shape_yx, NOTHING, np.uint8)
            return np.where(outside, np.uint8(NOTHING), result.read(window))

        return Block(window, labels(a), labels(b), None if truth is None else labels(truth))
