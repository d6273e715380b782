"""The blocks in which masks are read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

Read: TypeAlias = "Callable[[Window], NDArray[np.uint8]]"
"""Gives the (h, w) uint8 class ids of a window."""

Transform: TypeAlias = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x = a column + b row + c, y = d column + e row + f."""

BLOCK_PX = 2048
"""Side of a block; a multiple of the tiles that are written."""


def blocks(shape_yx: tuple[int, int], side_px: int = BLOCK_PX) -> Iterator[Window]:
    """The blocks of a mask, row by row."""
    for y in range(0, shape_yx[0], side_px):
        for x in range(0, shape_yx[1], side_px):
            yield Window(y, x, side_px, side_px).clip(shape_yx)
