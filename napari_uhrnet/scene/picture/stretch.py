"""Values of any type to 8 bit, the same way all over a scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.scene.picture.fingerprint import sample_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.scene.picture.bands import Bands
    from napari_uhrnet.scene.picture.level import Level

PERCENTILES = (2.0, 98.0)
_SAMPLES_PER_AXIS, _SAMPLE_PX = 6, 256


@dataclass(frozen=True)
class Stretch:
    """Linear in each of red, green and blue: ``low`` becomes 0, ``high`` becomes 255."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    def apply(self, colours: NDArray[Any]) -> NDArray[np.uint8]:
        """(h, w, 3) of any type to (h, w, 3) uint8, clipped; values that are no numbers to 0."""
        low, high = np.asarray(self.low), np.asarray(self.high)
        scaled = (np.where(np.isfinite(colours), colours, low) - low) * (255.0 / (high - low))
        stretched: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
        return stretched


def stretch_note(dtype: str) -> str:
    """What is said of a scene whose values are stretched."""
    low, high = (f"{p:g}" for p in PERCENTILES)
    return f"The {dtype} values are stretched to 8 bit: percentiles {low} to {high} of each band."


def measure_stretch(level: Level, bands: Bands) -> Stretch:
    """The 2nd and 98th percentile of each band, over the valid pixels of evenly spaced blocks.

    Each band for itself, as satellite imagery is usually shown: the bands of raw imagery differ
    in brightness by sensor and haze more than by what is on the ground.
    """
    samples = []
    for window in sample_windows(level.shape[:2], _SAMPLES_PER_AXIS, _SAMPLE_PX):
        pixels = level.read(window)
        samples.append(pixels[bands.valid(pixels)][:, list(bands.rgb)])
    values = np.concatenate(samples).astype(np.float64)
    if not len(values):
        return Stretch((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    low, high = np.percentile(values, PERCENTILES, axis=0)
    high = np.where(high > low, high, low + 1)
    (r0, g0, b0), (r1, g1, b1) = low.tolist(), high.tolist()
    return Stretch((r0, g0, b0), (r1, g1, b1))
