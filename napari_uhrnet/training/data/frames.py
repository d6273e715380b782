"""Frames to train on: pictures and labels at the checkpoint's scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.engine.passes.reading import mirrored, read_inference
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import InferenceGrid, network_grid
from napari_uhrnet.geometry.classes import NOTHING, ClassTable
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


NOT_OF = 256
"""Label ``NOT_OF + id``: any class but this one."""


@dataclass(frozen=True)
class Frame:
    """``pixels`` (h, w, 3) uint8 RGB and ``labels`` (h, w) of an unsigned type.

    Labels are ids; 255 is not learned, ``NOT_OF + id`` is any class but ``id``.
    """

    name: str
    pixels: NDArray[np.uint8]
    labels: NDArray[np.integer]

    def cut(self, y: int, x: int, height: int, width: int) -> Frame:
        """A part of it, as a view."""
        part = (slice(y, y + height), slice(x, x + width))
        return Frame(self.name, self.pixels[part], self.labels[part])


def read_mask(path: Path, classes: ClassTable) -> NDArray[np.uint8]:
    """(h, w) uint8 ids of an RGB mask in the colours of a class table.

    Channels are binarised at 128, as the official DeepGlobe masks (some were compressed) need;
    colours outside of the table are 255.
    """
    with open_scene(path, pixel_size_m=1.0) as scene:
        rgb, _ = scene.read(Window.of_shape(scene.shape_yx), 0)
    codes = np.full(8, NOTHING, np.uint8)
    for c in classes.classes:
        codes[_code(np.array(c.rgb))] = c.id
    ids: NDArray[np.uint8] = codes[_code(rgb)]
    return ids


def _code(rgb: NDArray[np.integer]) -> NDArray[np.integer]:
    bits = (np.asarray(rgb) >= 128).astype(np.uint8)
    code: NDArray[np.integer] = bits[..., 0] * 4 + bits[..., 1] * 2 + bits[..., 2]
    return code


def read_frame(
    image: Path, mask: Path, classes: ClassTable, pixel_size_m: float, target_m: float
) -> Frame:
    """A picture and its labels at ``target_m`` metres per pixel; ignored classes become 255."""
    labels = read_mask(mask, classes)
    with open_scene(image, pixel_size_m=pixel_size_m) as scene:
        if labels.shape != scene.shape_yx:
            raise UserError(
                f"{mask}: has {labels.shape[1]} x {labels.shape[0]} px, its image "
                f"{scene.shape_yx[1]} x {scene.shape_yx[0]}: they must be of one size"
            )
        grid = network_grid(scene.shape_yx, pixel_size_m / target_m)
        pixels, valid = read_inference(scene, grid, Window.of_shape(grid.shape_yx))
    rows, columns = (_nearest(grid, axis) for axis in (0, 1))
    small = labels[np.ix_(rows, columns)]
    for c in classes.classes:
        if c.ignore:
            small[small == c.id] = NOTHING
    small[~valid] = NOTHING
    return Frame(image.name, mirrored(pixels, valid), small)


def _nearest(grid: InferenceGrid, axis: int) -> NDArray[np.int64]:
    """Level-0 pixel in which the centre of each inference pixel lies."""
    n0, n = grid.level0_shape_yx[axis], grid.shape_yx[axis]
    return (2 * np.arange(n, dtype=np.int64) + 1) * n0 // (2 * n)
