"""Windows in which a whole level can be read with little memory, each stored block once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.geometry.blocks import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.picture.level import Level

BLOCK_PX = 1 << 22


def level_blocks(level: Level) -> Iterator[Window]:
    """Windows of about 4 million pixels, from the top, that cover a level.

    They are made of whole stored blocks, so strips give bands as wide as the level.
    """
    height, width, _ = level.shape
    rows, columns = level.chunk_yx
    if columns < width:
        rows = _up_to(rows, 1024)
        columns = min(width, _up_to(columns, max(1, BLOCK_PX // rows)))
    else:
        columns = width
        rows = _up_to(rows, max(1, BLOCK_PX // width))
    return blocks((height, width), rows, columns)


def _up_to(chunk_px: int, wanted_px: int) -> int:
    """The largest multiple of a stored block that is no larger than wanted, at least one block."""
    return chunk_px * max(1, wanted_px // chunk_px)
