"""What is known about a pixel of a scene that people correct, and how that may change.

A block of state is a (3, h, w) uint8 array with the planes

- ``labels``: class id, 255 = untouched, which follows the prediction;
- ``reviewed``: 1 where a person marked the label as right, else 0;
- ``source``: number (from 1) of the checkpoint whose labels were shown when the pixel was marked
  reviewed, 0 where it is not.

A reviewed pixel always has its label stored here, so that no prediction can change it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

LABELS, REVIEWED, SOURCE = range(3)
PLANES = ("labels", "reviewed", "source")
FILL = (NOTHING, 0, 0)

Cell = tuple[int, int]
Slices = tuple[slice, slice]


def painted(state: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The state with (h, w) labels; what is set to 255 is no longer reviewed."""
    after = state.copy()
    after[LABELS] = labels
    after[REVIEWED:, labels == NOTHING] = 0
    return after


def marked(
    state: NDArray[np.uint8],
    shown: NDArray[np.uint8],
    source: int,
    mask: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """The state in which the (h, w) shown labels are reviewed; where 255 is shown nothing is."""
    where = shown != NOTHING
    if mask is not None:
        where &= mask
    after = state.copy()
    after[LABELS, where] = shown[where]
    after[REVIEWED, where] = 1
    after[SOURCE, where] = source
    return after


def unmarked(state: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None) -> NDArray[np.uint8]:
    """The state in which nothing (in the mask) is reviewed; the labels stay as corrections."""
    after = state.copy()
    after[REVIEWED:, ... if mask is None else mask] = 0
    return after


def pieces(window: Window, chunk_shape: tuple[int, int]) -> Iterator[tuple[Cell, Slices, Slices]]:
    """(chunk, which of its pixels, which pixels of the window) for all chunks of a window."""
    height, width = chunk_shape
    if not window:
        return
    for i in range(window.y // height, (window.bottom - 1) // height + 1):
        for j in range(window.x // width, (window.right - 1) // width + 1):
            chunk = Window(i * height, j * width, height, width)
            part = window.intersect(chunk)
            yield (i, j), part.relative_to(chunk).slices, part.relative_to(window).slices
