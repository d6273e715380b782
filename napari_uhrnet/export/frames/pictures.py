"""Pictures of one frame as files.

Encoded in memory and written by Python, which raises the errors of the disk with their reason.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable

JPEG_QUALITY = 95


def write_picture(path: Path, pixels: NDArray[np.uint8]) -> None:
    """(h, w) grey or (h, w, 3) RGB uint8; ``.jpg`` at quality 95 without subsampling, or PNG."""
    from PIL import Image

    image = Image.fromarray(pixels)
    if path.suffix == ".jpg":
        _write(path, image, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    else:
        _write(path, image, "PNG")


def write_palette_mask(path: Path, ids: NDArray[np.uint8], classes: ClassTable) -> None:
    """(h, w) uint8 ids as a palette PNG (mode P): index = class id, 255 transparent."""
    from PIL import Image

    image = Image.fromarray(ids, mode="L")
    image.putpalette(classes.palette.tobytes(), "RGB")
    opacity = np.full(256, 255, np.uint8)
    opacity[NOTHING] = 0
    _write(path, image, "PNG", transparency=opacity.tobytes())


def _write(path: Path, image: Any, kind: str, **options: Any) -> None:
    encoded = BytesIO()
    image.save(encoded, kind, **options)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded.getbuffer())
