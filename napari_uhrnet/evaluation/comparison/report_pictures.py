"""Pictures of the report in data URIs."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable

_AGREE, _DIFFER = (228, 228, 224), (176, 32, 16)


def photo_uri(rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> str:
    """(h, w, 3) uint8 colours as JPEG, which is a tenth of a PNG; grey where not valid."""
    from PIL import Image

    buffer = BytesIO()
    shown = np.where(valid[..., None], rgb, np.uint8(128))
    Image.fromarray(shown).save(buffer, "JPEG", quality=88)
    return _data_uri(buffer, "jpeg")


def labels_uri(ids: NDArray[np.uint8], classes: ClassTable) -> str:
    """(h, w) uint8 ids in the colours of their classes; nothing is transparent."""
    return _map_uri(classes.palette[ids], ids != NOTHING)


def differing_uri(share: NDArray[np.float64]) -> str:
    """(h, w) shares 0..1 from grey to red; NaN is transparent.

    By the square root of the share, so that a little is seen, too.
    """
    known = ~np.isnan(share)
    strength = np.sqrt(np.where(known, share, 0.0))[..., None]
    rgb = (1 - strength) * np.array(_AGREE) + strength * np.array(_DIFFER)
    return _map_uri(np.rint(rgb).astype(np.uint8), known)


def _map_uri(rgb: NDArray[np.uint8], opaque: NDArray[np.bool_]) -> str:
    """(h, w, 3) uint8 colours as PNG, transparent where (h, w) ``opaque`` is not."""
    from PIL import Image

    alpha = np.where(opaque, 255, 0).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(np.dstack([rgb, alpha])).save(buffer, "PNG", optimize=True)
    return _data_uri(buffer, "png")


def _data_uri(buffer: BytesIO, kind: str) -> str:
    return f"data:image/{kind};base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
