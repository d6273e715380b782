"""Red, green and blue by the names that a file gives its bands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLOURS = ("red", "green", "blue")
_FILLERS = {"band", "channel", "nm", "um", "sr", "toa", "boa", "reflectance", "surface", "b"}
_SENTINEL_2 = ("b04", "b03", "b02")


def rgb_by_name(names: Sequence[str | None]) -> tuple[int, int, int] | None:
    """Which bands are called red, green and blue; None unless each name is there exactly once.

    "Red", "B4 (red)" and "R" are red, "red edge" is not; B04, B03, B02 are those of Sentinel-2.
    """
    words = [_words(name) for name in names]
    for wanted in (_COLOURS, ("r", "g", "b"), _SENTINEL_2):
        found = [[k for k, word in enumerate(words) if word == colour] for colour in wanted]
        if all(len(bands) == 1 for bands in found):
            (red,), (green,), (blue,) = found
            return red, green, blue
    return None


def _words(name: str | None) -> str:
    """What is left of a name without numbers and words that say nothing about colour."""
    whole = (name or "").strip().lower()
    if whole in {"r", "g", "b", *_SENTINEL_2}:
        return whole
    words = re.findall(r"[a-z]+", whole)
    return " ".join(word for word in words if word not in _FILLERS)


def named_note(rgb: tuple[int, int, int], names: Sequence[str | None]) -> str:
    """What is said where the names change the order."""
    bands = ", ".join(f"{k + 1} ({str(names[k])[:20]})" for k in rgb)
    return f"Red, green and blue are the bands {bands}, by their names."


def guess_note(order: Sequence[int]) -> str | None:
    """What is said where nothing tells which of ``order`` (bands but alpha) are the colours."""
    if len(order) == 2:
        return f"Two bands that are not named: band {order[0] + 1} is shown as grey."
    if len(order) > 3:
        return f"{len(order)} bands that are not named as colours: the first three are used as RGB."
    return None
