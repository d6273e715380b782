"""Masks as PNG with a palette."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_uhrnet.geometry.blocks import Read
    from napari_uhrnet.geometry.classes import ClassTable

_STRIP_BYTES = 16 * 2**20
_DEFLATE_LEVEL = 6


def write_palette_png(
    path: Path, read: Read, shape_yx: tuple[int, int], classes: ClassTable
) -> None:
    """A new PNG (8-bit palette, index = class id, 255 transparent), strip by strip.

    The format is simple enough to be written here; libraries want the whole picture in memory.
    """
    height, width = shape_yx
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.write(_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)))
        file.write(_chunk(b"PLTE", classes.palette.tobytes()))
        opacity = np.full(256, 255, np.uint8)
        opacity[NOTHING] = 0
        file.write(_chunk(b"tRNS", opacity.tobytes()))
        for data in _deflated(read, shape_yx):
            file.write(_chunk(b"IDAT", data))
        file.write(_chunk(b"IEND", b""))


def _deflated(read: Read, shape_yx: tuple[int, int]) -> Iterator[bytes]:
    """The rows, each after a 0 for "no filter", which suits class ids."""
    width = shape_yx[1]
    step = max(1, _STRIP_BYTES // width)
    compress = zlib.compressobj(_DEFLATE_LEVEL)
    for window in blocks(shape_yx, step, width):
        ids = read(window)
        if data := compress.compress(np.pad(ids, ((0, 0), (1, 0))).tobytes()):
            yield data
    yield compress.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
