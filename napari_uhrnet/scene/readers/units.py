"""Units of length that image files name."""

from __future__ import annotations

_METRES = {
    "m": 1.0,
    "meter": 1.0,
    "metre": 1.0,
    "kilometer": 1e3,
    "km": 1e3,
    "cm": 1e-2,
    "centimeter": 1e-2,
    "mm": 1e-3,
    "millimeter": 1e-3,
    "µm": 1e-6,
    "μm": 1e-6,
    "um": 1e-6,
    "micron": 1e-6,
    "micrometer": 1e-6,
    "nm": 1e-9,
    "nanometer": 1e-9,
    "inch": 0.0254,
    "foot": 0.3048,
}


def metres_per(unit: str | None) -> float | None:
    """Metres in one of this unit; None for a unit that is unknown or none ("pixel")."""
    return _METRES.get(unit) if unit else None
