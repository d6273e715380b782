"""Pictures that can only be decoded as a whole: PNG, JPEG and their like, as far as they fit."""

from __future__ import annotations

import os
import struct
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.scene.picture.level import Level

_ORIENTATION = 0x0112
SMALL_PX = 64_000_000
"""Up to this many pixels a picture may be held in memory or shrunk on the fly."""


class DecodedLevel:
    """A level that is decoded when it is first read and kept from then on."""

    def __init__(self, level: Level, decode: Callable[[], NDArray[Any]] | None = None) -> None:
        """Shape and type are those of ``level``; ``decode`` reads all of it another way."""
        whole = Window.of_shape(level.shape[:2])
        self._decode: Callable[[], NDArray[Any]] = decode or partial(level.read, whole)
        self._lock = threading.Lock()
        self._pixels: NDArray[Any] | None = None
        self.shape = level.shape
        self.dtype: np.dtype[Any] = level.dtype
        self.chunk_yx = 512, 512

    def read(self, window: Window) -> NDArray[Any]:
        """(h, w, bands) pixels of a window."""
        with self._lock:
            if self._pixels is None:
                self._pixels = self._decode()
        return self._pixels[window.slices]


def decode_jpeg(path: Path) -> NDArray[Any]:
    """(height, width, 1 or 3) uint8 of a JPEG file; UserError where it is damaged.

    By PIL, as the data sets' own loaders do it: GDAL's decoder differs in the last bits.
    """
    from PIL import Image

    check_jpeg_is_whole(path)
    try:
        with Image.open(path) as image:
            shown: Any = image if image.mode == "L" else image.convert("RGB")
            pixels: NDArray[Any] = np.asarray(shown)
    except (OSError, SyntaxError) as error:
        raise UserError(
            f"{path.name}: the pixels cannot be decoded; the file is damaged, fetch it again."
        ) from error
    return pixels if pixels.ndim == 3 else pixels[..., None]


def orientation_of(path: Path) -> int:
    """The EXIF orientation of a PNG, JPEG or WebP; 1 (as stored) where it has none."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return int(image.getexif().get(_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, Image.DecompressionBombError):
        return 1


def check_jpeg_is_whole(path: Path) -> None:
    """Decode a JPEG by GDAL, which tells when its data end early (PIL fills it with grey)."""
    import rasterio
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import RasterioError
    from rasterio.windows import Window as RasterWindow

    try:
        with rasterio.Env(GDAL_ERROR_ON_LIBJPEG_WARNING=True), rasterio.open(path) as dataset:
            for row in range(0, dataset.height, 256):
                rows = min(256, dataset.height - row)
                dataset.read(window=RasterWindow(0, row, dataset.width, rows))
    except (RasterioError, CPLE_BaseError) as error:
        cause: BaseException | None = error
        while cause is not None and "remature end" not in str(cause):
            cause = cause.__cause__
        if cause is not None:
            raise UserError(
                f"{path.name}: the file is damaged or cut off, some of its pixels are missing; "
                "fetch it again."
            ) from error


def check_png_is_whole(path: Path) -> None:
    """Follow the chunks of a PNG to its end, without decoding; UserError if it is cut off.

    GDAL reads such a file without an error and leaves the missing rows empty.
    """
    kind = b""
    with path.open("rb") as file:
        file.seek(8)
        while kind != b"IEND":
            head = file.read(8)
            if len(head) < 8:
                raise UserError(
                    f"{path.name}: the file is damaged or cut off, some of its pixels are missing; "
                    "fetch it again."
                )
            length, kind = struct.unpack(">I4s", head)
            file.seek(length + 4, os.SEEK_CUR)
