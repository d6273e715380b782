"""A scene at the scale a network was trained for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import distance_transform_edt

from napari_uhrnet.geometry.resample import scale_window, source_window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.affine import InferenceGrid
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene


def best_level(scene: Scene, grid: InferenceGrid) -> int:
    """The coarsest level that is at least as fine as the inference grid; 0 when enlarging."""
    fine = [
        k
        for k, (h, w) in enumerate(scene.level_shapes)
        if h >= grid.shape_yx[0] and w >= grid.shape_yx[1]
    ]
    return max(fine, default=0)


def read_inference(
    scene: Scene, grid: InferenceGrid, window: Window
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Pixels of a window of the inference grid.

    Returns (h, w, 3) uint8 RGB and (h, w) bool valid. Every pixel is the same whichever window it
    was read with. Training, evaluation and the engine read through here.
    """
    level = best_level(scene, grid)
    shape_yx = scene.level_shapes[level]
    if shape_yx == grid.shape_yx:
        whole: tuple[NDArray[np.uint8], NDArray[np.bool_]] = scene.read(window, level)
        return whole
    pixels, valid = scene.read(source_window(shape_yx, grid.shape_yx, window), level)
    return scale_window(pixels, valid, shape_yx, grid.shape_yx, window)


def mirrored(pixels: NDArray[np.uint8], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(h, w, 3) pixels, those without data (``valid`` (h, w) False) taken from where there is some.

    What networks are shown beyond the end of the data, as beyond the end of a scene: pixels
    mirrored at the nearest one with data, or that one itself where the mirror shows nothing. Black
    corners make predictions worse far into the picture (docs/experiments.md). Without any data the
    pixels stay as they are.
    """
    if valid.all() or not valid.any():
        return pixels
    nearest: NDArray[np.int32] = distance_transform_edt(
        ~valid, return_distances=False, return_indices=True
    )
    at = np.indices(valid.shape, dtype=np.int32)
    beyond = 2 * nearest - at
    inside = np.all((beyond >= 0) & (beyond < np.reshape(valid.shape, (2, 1, 1))), axis=0)
    beyond = np.where(inside, beyond, nearest)
    source = np.where(valid[tuple(beyond)], beyond, nearest)
    filled: NDArray[np.uint8] = pixels[tuple(source)]
    return filled
