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


@dataclass(frozen=True)
class Brightness:
    """Unsigned values of 1 to 7 bits, or of any whose 0 is white, to the range of their type."""

    bits: int
    white_is_zero: bool

    def __call__(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """(h, w, bands) of the same type; bool becomes uint8."""
        values = pixels.astype(np.uint8) if pixels.dtype == np.bool_ else pixels
        largest = (1 << self.bits) - 1
        if self.white_is_zero:
            values = (largest - values).astype(values.dtype)
        if self.bits >= 8:
            return values
        scaled: NDArray[np.uint8] = np.rint(values * (255.0 / largest)).astype(np.uint8)
        return scaled


def brightness(dtype: np.dtype[Any], bits: int, white_is_zero: bool) -> Brightness | None:
    """How values of so many bits become brightness in every reader; None where they already are."""
    if dtype.kind not in "ub" or not 0 < bits <= 8 * dtype.itemsize:
        return None
    return Brightness(bits, white_is_zero) if bits < 8 or white_is_zero else None


def bits_to_ids(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """False to 0, True to 1: masks keep their values."""
    return pixels.astype(np.uint8)


def palette_of_16_bit(colours: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """(n, 3) entries of a TIFF's map to 8 bit; maps with nothing above 255 already are 8 bit."""
    table: NDArray[np.uint8] = (colours >> (8 if colours.max(initial=0) > 255 else 0)).astype(
        np.uint8
    )
    return table
