"""Flips and quarter turns of a picture, its windows and what was computed from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Turn:
    """Left and right swapped if ``mirrored``, then turned counterclockwise by ``quarters``."""

    quarters: int
    mirrored: bool

    def shape(self, shape_yx: tuple[int, int]) -> tuple[int, int]:
        """(height, width) of the turned picture."""
        height, width = shape_yx
        return (width, height) if self.quarters % 2 else (height, width)

    def apply(self, array: NDArray[Any]) -> NDArray[Any]:
        """An array (h, w, ...) turned, as a view."""
        return np.rot90(array[:, ::-1] if self.mirrored else array, self.quarters)

    def undo(self, array: NDArray[Any]) -> NDArray[Any]:
        """A turned array (h, w, ...) as it was, as a view."""
        back = np.rot90(array, -self.quarters)
        return back[:, ::-1] if self.mirrored else back

    def source(self, window: Window, shape_yx: tuple[int, int]) -> Window:
        """Where the pixels of a window of the turned picture lie in the one of ``shape_yx``."""
        height, width = shape_yx
        for quarter in reversed(range(self.quarters % 4)):
            across = height if quarter % 2 else width
            window = Window(
                window.x, across - window.y - window.height, window.width, window.height
            )
        if self.mirrored:
            window = Window(window.y, width - window.right, window.height, window.width)
        return window


TURNS = {
    4: tuple(Turn(quarters, False) for quarters in range(4)),
    8: tuple(Turn(quarters, mirrored) for mirrored in (False, True) for quarters in range(4)),
}
"""The four quarter turns, and these with the mirrored picture's: all ways to lay a square."""
