"""The picture while it is painted, and the season it is painted in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari_uhrnet.scene.made.ground import Ground, Plane


Tone: TypeAlias = NDArray[np.floating]


@dataclass(frozen=True)
class Season:
    """Colours (3,) float32 RGB that all painters of a scene share; ``sun_angle`` in radians."""

    soil: Plane
    dry: Plane
    green: Plane
    sun_angle: float

    @classmethod
    def draw(cls, ground: Ground) -> Season:
        """The season of a seed: yellow to red soils, dry to lush plants."""
        rng = ground.rng("season")
        soil = _mix((128, 110, 84), (136, 92, 64), rng.uniform(0, 1) ** 2) * rng.uniform(0.9, 1.12)
        dry = _mix((122, 106, 76), (86, 88, 62), rng.uniform(0, 1)) * rng.uniform(0.88, 1.12)
        green = _mix((52, 70, 44), (70, 88, 48), rng.uniform(0, 1)) * rng.uniform(0.88, 1.12)
        return cls(soil, dry, green, rng.uniform(0, 2 * np.pi))


class Canvas:
    """(3, H, W) float32 colours, painted class by class at flat pixel positions."""

    def __init__(self, size_px: int) -> None:
        self.rgb: Plane = np.zeros((3, size_px, size_px), np.float32)

    def paint(self, at: NDArray[np.intp], colours: Tone, tone: Tone | None = None) -> None:
        """Set pixels (n,) to colours (n, 3) or (3,), times a tone (n,)."""
        for plane, colour in zip(self._flat(), np.moveaxis(colours, -1, 0), strict=True):
            plane[at] = colour if tone is None else colour * tone

    def blend(self, at: NDArray[np.intp], colour: Tone, share: Tone | float) -> None:
        """Mix pixels (n,) towards a colour (3,) or colours (n, 3) by a share 0..1."""
        for plane, aim in zip(self._flat(), np.moveaxis(colour, -1, 0), strict=True):
            before = plane[at]
            plane[at] = before + (aim - before) * share

    def shade(self, at: NDArray[np.intp], tone: Tone | float) -> None:
        """Multiply pixels (n,) by a tone."""
        for plane in self._flat():
            plane[at] *= np.float32(tone) if isinstance(tone, float) else tone

    def _flat(self) -> list[Plane]:
        return [plane.reshape(-1) for plane in self.rgb]


def colour(red: float, green: float, blue: float) -> Plane:
    """(3,) float32 colour."""
    return np.array([red, green, blue], np.float32)


def _mix(a: tuple[float, ...], b: tuple[float, ...], share: float) -> Plane:
    return np.float32(1 - share) * colour(*a) + np.float32(share) * colour(*b)
