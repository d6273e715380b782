"""Between a scene's own pixels (level 0) and the inference grid of a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MAX_UPSAMPLING = 4.0
"""A scene is never enlarged by more than this factor: interpolation adds no detail."""
MIN_SCALE = 1 / 512
"""A scene is never shrunk further: nothing that a network knows is left to be seen."""
_SHORTEST_PX = 4
"""A scene that has to be shrunk is at least so long afterwards."""


@dataclass(frozen=True)
class InferenceGrid:
    """The pixels that a network sees: the scene at the scale the network was trained for.

    Its shape is round(level-0 shape x scale) and its outer edges are the scene's, so
    ``factor_yx`` (level-0 pixels per inference pixel) is exact per axis and may differ a little
    between the axes. In level-0 pixels, the centre of inference pixel i is
    ``i * factor + (factor - 1) / 2``.
    """

    level0_shape_yx: tuple[int, int]
    scale: float

    def __post_init__(self) -> None:
        if not 0 < self.scale <= MAX_UPSAMPLING:
            raise UserError(
                f"the scene would have to be scaled by {self.scale:.3g} to the network's pixel "
                f"size, and more than x {MAX_UPSAMPLING:g} makes no sense: check the pixel size "
                "(--pixel-size)"
            )

    @property
    def shape_yx(self) -> tuple[int, int]:
        """(height, width) of the inference grid in its pixels; at least 1 x 1."""
        height, width = (max(1, round(n * self.scale)) for n in self.level0_shape_yx)
        return height, width

    @property
    def factor_yx(self) -> tuple[float, float]:
        """Level-0 pixels per inference pixel, along y and x."""
        (h0, w0), (h, w) = self.level0_shape_yx, self.shape_yx
        return h0 / h, w0 / w

    def indices(self, axis: int, start: int, stop: int) -> NDArray[np.int64]:
        """(stop - start,) inference row (axis 0) or column (1) of the level-0 pixels start .. stop.

        The inference pixel in which the centre of the level-0 pixel lies: nearest neighbour, in
        integer arithmetic, so that nothing depends on rounding.
        """
        n0, n = self.level0_shape_yx[axis], self.shape_yx[axis]
        return (2 * np.arange(start, stop, dtype=np.int64) + 1) * n // (2 * n0)

    def from_level0(self, window: Window) -> Window:
        """The inference pixels that the labels of a level-0 window are taken from."""
        window = window.clip(self.level0_shape_yx)
        if not window:
            return Window(0, 0, 0, 0)
        y = self.indices(0, window.y, window.bottom)
        x = self.indices(1, window.x, window.right)
        return Window.between(int(y[0]), int(x[0]), int(y[-1]) + 1, int(x[-1]) + 1)

    def to_level0(self, window: Window) -> Window:
        """The smallest level-0 window that holds all of an inference window."""
        (h0, w0), (h, w) = self.level0_shape_yx, self.shape_yx
        return Window.between(
            window.y * h0 // h,
            window.x * w0 // w,
            -(-window.bottom * h0 // h),
            -(-window.right * w0 // w),
        ).clip(self.level0_shape_yx)


def network_grid(level0_shape_yx: tuple[int, int], scale: float) -> InferenceGrid:
    """The grid at a network's scale; UserError if next to nothing would be left of the scene."""
    grid = InferenceGrid(level0_shape_yx, scale)
    height, width = grid.shape_yx
    # A scene that is as small itself loses nothing.
    shortest = min(_SHORTEST_PX, max(level0_shape_yx))
    if scale < MIN_SCALE or max(height, width) < shortest:
        raise UserError(
            f"the scene would have to be shrunk by {1 / scale:.3g} to the network's pixel size, to "
            f"{width} x {height} px, and nothing would be left to see: check the pixel size "
            "(--pixel-size)"
        )
    return grid


def labels_to_level0(
    read: Callable[[Window], NDArray[np.uint8]], grid: InferenceGrid, window: Window
) -> NDArray[np.uint8]:
    """(h, w) uint8 labels of a level-0 window from labels on the inference grid, by nearest pixel.

    ``read`` gives the labels of a window of the inference grid. The one way from predictions to
    level 0: segment, evaluate, compare and export all go through here.
    """
    source = grid.from_level0(window)
    labels = read(source)
    rows = grid.indices(0, window.y, window.bottom) - source.y
    columns = grid.indices(1, window.x, window.right) - source.x
    return labels[np.ix_(rows, columns)]
