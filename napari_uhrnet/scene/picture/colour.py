"""Stored values that are not brightness: palettes, bits, and pictures where 0 is white."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Recolour = Callable[["NDArray[Any]"], "NDArray[Any]"]
"""(h, w, stored bands) to (h, w, bands)."""


@dataclass(frozen=True)
class Palette:
    """A table (n, 3 or 4) uint8 of RGB or RGBA, indexed by the stored value."""

    table: NDArray[np.uint8]

    def __call__(self, pixels: NDArray[Any]) -> NDArray[np.uint8]:
        """(h, w, 1) indices to (h, w, 3 or 4) colours; indices beyond the table are its last."""
        colours: NDArray[np.uint8] = self.table[np.minimum(pixels[..., 0], len(self.table) - 1)]
        return colours

    @classmethod
    def with_nodata(cls, rgb: NDArray[np.uint8], nodata: float | None) -> Palette:
        """The palette (n, 3), with an alpha band if one of its indices means "no data"."""
        if nodata is None:
            return cls(rgb)
        alpha = np.where(np.arange(len(rgb)) == nodata, 0, 255).astype(np.uint8)
        return cls(np.concatenate([rgb, alpha[:, None]], axis=1))


def bits_to_bytes(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """False to 0, True to 255."""
    return pixels.astype(np.uint8) * np.uint8(255)


def inverted(pixels: NDArray[Any]) -> NDArray[Any]:
    """Unsigned values of a picture whose 0 is white."""
    return np.iinfo(pixels.dtype).max - pixels
