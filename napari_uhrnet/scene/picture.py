"""What a reader finds in a file: levels, what their bands mean, where on the ground they lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.scene.fingerprint import fingerprint
from napari_uhrnet.scene.stretch import Stretch, measure_stretch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_uhrnet.scene.colour import Palette
    from napari_uhrnet.scene.level import Level

Affine = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x = a column + b row + c, y = d column + e row + f."""


@dataclass(frozen=True)
class Bands:
    """Which bands are red, green and blue, which one is alpha, and the value of "no data"."""

    rgb: tuple[int, int, int]
    alpha: int | None = None
    nodata: float | None = None

    @classmethod
    def of(cls, count: int, has_alpha: bool = False, nodata: float | None = None) -> Bands:
        """Three or more colours: the first three are RGB; fewer: the first one is grey."""
        alpha = count - 1 if has_alpha and count > 1 else None
        colours = count if alpha is None else count - 1
        return cls((0, 1, 2) if colours >= 3 else (0, 0, 0), alpha, nodata)

    @property
    def key(self) -> str:
        """A line that is the same for the same meaning."""
        return f"rgb={self.rgb} alpha={self.alpha} nodata={self.nodata}"

    def valid(self, pixels: NDArray[Any]) -> NDArray[np.bool_]:
        """(h, w): not transparent, finite, and not "no data" in every band at once."""
        colours = [k for k in range(pixels.shape[2]) if k != self.alpha]
        valid = np.ones(pixels.shape[:2], np.bool_)
        if self.alpha is not None:
            valid &= pixels[..., self.alpha] > 0
        if pixels.dtype.kind == "f":
            for k in colours:
                valid &= np.isfinite(pixels[..., k])
        if self.nodata is not None:
            empty = np.ones(pixels.shape[:2], np.bool_)
            for k in colours:
                empty &= pixels[..., k] == self.nodata
            valid &= ~empty
        return valid


@dataclass(frozen=True)
class Georeference:
    """Where the pixels lie: all None for a picture that does not know."""

    crs: str | None = None
    transform: Affine | None = None
    pixel_size_m: float | None = None


def _nothing_to_close() -> None:
    pass


@dataclass(frozen=True)
class Picture:
    """Levels of one picture, finest first, and what is known about them."""

    format: str
    levels: tuple[Level, ...]
    bands: Bands
    georeference: Georeference = Georeference()
    close: Callable[[], None] = _nothing_to_close
    rows_only: bool = False
    """Whether the file must be decoded from the top to reach a row (PNG, one huge strip)."""
    derived: int = 0
    """How many of the last levels are computed from the ones before whenever they are read."""
    palette: Palette | None = None
    """Colours of the values, where a picture with a palette was opened as indices."""

    @cached_property
    def stretch(self) -> Stretch | None:
        """How values become 8 bit; None for pixels that already are."""
        if self.levels[0].dtype == np.uint8:
            return None
        return measure_stretch(self.levels[-1 - self.derived], self.bands)

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest that tells this picture from others, wherever its file is."""
        place = self.georeference
        return fingerprint(self.levels[0], f"{place.crs} {place.transform}")
