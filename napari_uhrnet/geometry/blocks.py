"""The blocks in which whole scenes are read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

Read: TypeAlias = "Callable[[Window], NDArray[np.uint8]]"
"""Gives the (h, w) uint8 class ids of a window."""

BLOCK_PX = 2048
"""Side of a block; a multiple of the tiles that are written."""


def blocks(
    shape_yx: tuple[int, int], height_px: int = BLOCK_PX, width_px: int | None = None
) -> Iterator[Window]:
    """The blocks that tile a picture, row by row; square unless a width is given.

    The last ones of a row or column may be smaller.
    """
    return _tiling(Window.of_shape(shape_yx), 0, 0, height_px, width_px or height_px)


def blocks_in(area: Window, side_px: int = BLOCK_PX) -> Iterator[Window]:
    """The parts of a scene's square blocks that lie in an area, row by row.

    The borders between blocks are multiples of their side, whatever the area.
    """
    if not area:
        return iter(())
    top, left = area.y // side_px * side_px, area.x // side_px * side_px
    return _tiling(area, top, left, side_px, side_px)


def _tiling(area: Window, top: int, left: int, height_px: int, width_px: int) -> Iterator[Window]:
    for y in range(top, area.bottom, height_px):
        for x in range(left, area.right, width_px):
            yield Window(y, x, height_px, width_px).intersect(area)
