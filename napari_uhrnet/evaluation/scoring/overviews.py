"""Small pictures of evaluated scenes, kept in a folder until it is known which ones are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.engine.passes.reading import read_inference
from napari_uhrnet.evaluation.scoring.counts import BLOCK_PX
from napari_uhrnet.geometry.affine import InferenceGrid
from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.evaluation.scoring.evaluate import Evaluated

LONGEST_PX = 600


@dataclass(frozen=True)
class Overview:
    """``image`` (h, w, 3) uint8 RGB; ``truth`` and ``fused`` (h, w) uint8 ids."""

    image: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    fused: NDArray[np.uint8]

    @classmethod
    def of(cls, found: Evaluated) -> Overview:
        """From a scene that is still open."""
        grid = small_grid(found.scene.shape_yx)
        image, _ = read_inference(found.scene, grid, Window.of_shape(grid.shape_yx))
        fused = found.labels["fused"]
        return cls(image, small_labels(found.truth.read, grid), small_labels(fused, grid))

    def save(self, path: Path) -> None:
        """As a .npz file."""
        np.savez_compressed(path, image=self.image, truth=self.truth, fused=self.fused)

    @classmethod
    def load(cls, path: Path) -> Overview:
        """What `save` wrote."""
        with np.load(path) as stored:
            return cls(stored["image"], stored["truth"], stored["fused"])


def small_grid(shape_yx: tuple[int, int]) -> InferenceGrid:
    """The grid of an overview: at most `LONGEST_PX` on either axis."""
    return InferenceGrid(shape_yx, min(1.0, LONGEST_PX / max(shape_yx)))


def small_labels(
    read: Callable[[Window], NDArray[np.uint8]], grid: InferenceGrid
) -> NDArray[np.uint8]:
    """(h, w) uint8 labels at the centres of the grid's pixels, read block by block."""
    small = np.empty(grid.shape_yx, np.uint8)
    rows, columns = (_centres(grid, axis) for axis in (0, 1))
    for block in blocks(grid.level0_shape_yx, BLOCK_PX):
        y = slice(*np.searchsorted(rows, (block.y, block.bottom)).tolist())
        x = slice(*np.searchsorted(columns, (block.x, block.right)).tolist())
        small[y, x] = read(block)[np.ix_(rows[y] - block.y, columns[x] - block.x)]
    return small


def _centres(grid: InferenceGrid, axis: int) -> NDArray[np.int64]:
    """Level-0 row or column in which the centre of each pixel of the grid lies."""
    n0, n = grid.level0_shape_yx[axis], grid.shape_yx[axis]
    return (2 * np.arange(n, dtype=np.int64) + 1) * n0 // (2 * n)
