"""Superpixels (regions of similar colour), each painted at one click."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from napari_uhrnet.store.annotations.change import bounding_window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.window import Window


@dataclass(frozen=True)
class Superpixels:
    """(h, w) integer segment numbers of a level-0 window."""

    window: Window
    segments: NDArray[np.integer]

    @classmethod
    def of(cls, window: Window, rgb: NDArray[np.uint8], size_px: int = 32) -> Self:
        """SLIC segments of about ``size_px`` squared from the (h, w, 3) uint8 pixels."""
        from skimage.segmentation import slic

        count = max(1, round(window.area_px / size_px**2))
        segments = slic(rgb, n_segments=count, compactness=10, start_label=0, channel_axis=-1)
        return cls(window, segments)

    def at(self, point_yx: tuple[float, float]) -> tuple[Window, NDArray[np.bool_]] | None:
        """Level-0 window and (h, w) mask of the segment at a level-0 point; None outside."""
        y, x = round(point_yx[0]) - self.window.y, round(point_yx[1]) - self.window.x
        if not (0 <= y < self.window.height and 0 <= x < self.window.width):
            return None
        mask = self.segments == self.segments[y, x]
        box = bounding_window(mask)
        return box.shift(self.window.y, self.window.x), mask[box.slices]
