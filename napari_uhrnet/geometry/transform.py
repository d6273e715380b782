"""From the pixels of a scene to the coordinates of its reference system."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from napari_uhrnet.geometry.window import Window

Transform: TypeAlias = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x = a column + b row + c, y = d column + e row + f."""


def window_transform(transform: Transform, window: Window) -> Transform:
    """Where the first pixel of a window lies, from where that of the scene does."""
    a, b, c, d, e, f = transform
    return a, b, c + a * window.x + b * window.y, d, e, f + d * window.x + e * window.y
