"""Durations and counts as people say them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """A rough duration: "8 s", "3 min", "2 h 10 min", "3 days"."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{round(hours / 24)} days"
    return f"{hours} h {rest} min" if rest and hours < 10 else f"{hours} h"


def patches(count: int) -> str:
    """Patches with their number: "1 patch", "12 000 patches"."""
    return "1 patch" if count == 1 else f"{count:,} patches".replace(",", " ")


def length(metres: float) -> str:
    """A length on the ground: "12 cm", "320 m", "1.22 km"."""
    if metres < 1:
        return f"{metres * 100:.3g} cm"
    return f"{metres:.3g} m" if metres < 1000 else f"{metres / 1000:.3g} km"


def area(square_metres: float) -> str:
    """An area on the ground: "420 m²", "3.4 ha", "12.5 km²"."""
    if square_metres < 10_000:
        return f"{square_metres:.0f} m²"
    if square_metres < 1_000_000:
        return f"{square_metres / 10_000:.3g} ha"
    return f"{square_metres / 1_000_000:,.4g} km²".replace(",", " ")


def pixels(count: int) -> str:
    """A number of pixels: "1 234 px"."""
    return f"{count:,} px".replace(",", " ")
