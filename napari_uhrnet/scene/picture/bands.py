"""What the bands of a picture mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Bands:
    """Which bands are red, green and blue, which one is alpha, and the value of "no data"."""

    rgb: tuple[int, int, int]
    alpha: int | None = None
    nodata: float | None = None
    note: str | None = field(default=None, compare=False)
    """A sentence on how red, green and blue were found, where that is not plain."""

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
