"""Sentences, durations and counts that several rooms show."""

from __future__ import annotations

STOPPED = "Stopped."


def internal_error(error: BaseException) -> str:
    """A job was ended by a bug."""
    return f"Stopped by an internal error: {type(error).__name__}: {error}"


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
    name, unit_m2 = area_unit(square_metres)
    digits = {"m²": ".0f", "ha": ".3g", "km²": ",.4g"}[name]
    return f"{square_metres / unit_m2:{digits}} {name}".replace(",", " ")


def area_unit(largest_m2: float) -> tuple[str, float]:
    """Name and square metres of the unit in which `area` gives the largest of some areas."""
    for name, square_metres in (("km²", 1e6), ("ha", 1e4)):
        if largest_m2 >= square_metres:
            return name, square_metres
    return "m²", 1.0


def pixels(count: int) -> str:
    """A number of pixels: "1 234 px"."""
    return f"{count:,} px".replace(",", " ")
