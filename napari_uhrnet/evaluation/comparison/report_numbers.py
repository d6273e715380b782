"""Numbers as people write them: thousands apart, shares that do not round to all or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

THIN = "\u202f"
"""Narrow no-break space, between thousands."""
MINUS = "\u2212"
_LENGTHS_M = (
    ("km", 1e3, 1e3),
    ("m", 1.0, 0.1),
    ("cm", 1e-2, 1e-2),
    ("mm", 1e-3, 1e-3),
    ("µm", 1e-6, 0.0),
)
"""Name, metres, and the metres from which on a length is given in this unit."""
_AREAS_M2 = (("km²", 1e6), ("ha", 1e4), ("m²", 1.0), ("mm²", 1e-6), ("µm²", 1e-12))
_DIGITS = 4


def grouped(value: float, decimals: int = 0) -> str:
    """A number with its thousands apart: "5 992 704"."""
    return f"{value:,.{decimals}f}".replace(",", THIN).replace("-", MINUS)


def percent(share: float, decimals: int = 1) -> str:
    """A share of 0..1; what is almost all or almost nothing does not round to 100 % or 0 %."""
    text, step = f"{share:.{decimals}%}", 10.0**-decimals
    if share < 1 and text == f"{1:.{decimals}%}":
        return f">{100 - step:.{decimals}f}%"
    if share > 0 and text == f"{0:.{decimals}%}":
        return f"<{step:.{decimals}f}%"
    return text


def length(metres: float) -> str:
    """A length on the ground: "1.224 km", "0.5 m", "0.25 µm"."""
    name, unit_m, _ = next(u for u in _LENGTHS_M if metres >= u[2])
    value = metres / unit_m
    return f"{value:.4g} {name}" if value < 1000 else f"{grouped(value)} {name}"


@dataclass(frozen=True)
class AreaUnit:
    """One unit for all areas of a table: ``per_px`` of it is one pixel."""

    name: str
    per_px: float
    decimals: int

    def amount(self, pixels: int) -> str:
        """The area of some pixels, without the unit; a little is not shown as nothing."""
        text, least = grouped(self.of(pixels), self.decimals), 10.0**-self.decimals
        return f"<{least:.{self.decimals}f}" if pixels and text == self.amount(0) else text

    def difference(self, pixels: int) -> str:
        """The same for a difference, with its sign."""
        text = grouped(abs(self.of(pixels)), self.decimals)
        sign = "" if text == self.amount(0) else MINUS if pixels < 0 else "+"
        return sign + text

    def of(self, pixels: int) -> float:
        """Pixels in this unit."""
        return pixels * self.per_px


def area_unit(largest_px: int, pixel_size_m: float | None) -> AreaUnit:
    """The unit that suits an area of so many pixels: with four digits; pixels without a size."""
    if pixel_size_m is None:
        return AreaUnit("px", 1.0, 0)
    pixel_m2 = pixel_size_m**2
    largest_m2 = max(1, largest_px) * pixel_m2
    name, unit_m2 = next((u for u in _AREAS_M2 if largest_m2 >= u[1]), _AREAS_M2[-1])
    whole = 1 + floor(log10(largest_m2 / unit_m2))
    return AreaUnit(name, pixel_m2 / unit_m2, max(0, _DIGITS - max(whole, 1)))
