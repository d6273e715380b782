"""Numbers that files hold, checked before anything is computed from them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST_PIXEL_M = 10_000.0
LARGEST_SIDE_PX = 20_000_000
"""Twice the circle of the earth at 4 m a pixel; a header that claims more is damaged."""
LARGEST_BANDS = 4096


def plausible_size_m(number: Any) -> float | None:
    """A pixel size in metres: finite, above 0 and at most 10 km; anything else is None, unknown.

    Text is taken as the number that it spells.
    """
    try:
        size_m = float(number)
    except (TypeError, ValueError, OverflowError):
        return None
    return size_m if math.isfinite(size_m) and 0 < size_m <= LARGEST_PIXEL_M else None


def plausible_sides_m(across_m: Any, down_m: Any) -> float | None:
    """The side of a square of the area of a pixel; None if one side is not plausible."""
    sides = plausible_size_m(across_m), plausible_size_m(down_m)
    if sides[0] is None or sides[1] is None:
        return None
    return math.sqrt(sides[0] * sides[1])


def check_shape(name: str, shape: Sequence[int]) -> None:
    """UserError unless (height, width, bands) can be those of a picture."""
    height, width, bands = (int(n) for n in shape)
    if not (0 < height <= LARGEST_SIDE_PX and 0 < width <= LARGEST_SIDE_PX):
        raise UserError(
            f"{name}: a picture of {width} x {height} px is not possible; the file is damaged, "
            "fetch it again."
        )
    if not 0 < bands <= LARGEST_BANDS:
        raise UserError(
            f"{name}: a picture of {bands} bands is not read; save the ones to segment as a "
            "separate file."
        )
