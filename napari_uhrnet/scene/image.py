"""Pictures that can only be decoded as a whole: PNG, JPEG and their like, as far as they fit."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.scene.level import Level

SMALL_PX = 64_000_000
"""Up to this many pixels a picture may be held in memory or shrunk on the fly."""


class DecodedLevel:
    """A level that is decoded when it is first read and kept from then on."""

    def __init__(self, level: Level, decode: Callable[[], NDArray[Any]] | None = None) -> None:
        """Shape and type are those of ``level``; ``decode`` reads all of it another way."""
        whole = Window.of_shape(level.shape[:2])
        self._decode = (lambda: level.read(whole)) if decode is None else decode
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

    try:
        with Image.open(path) as image:
            pixels: NDArray[Any] = np.array(image if image.mode == "L" else image.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise UserError(
            f"{path.name}: the pixels cannot be decoded; the file is damaged, fetch it again."
        ) from error
    return pixels if pixels.ndim == 3 else pixels[..., None]
