"""Random changes to frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.training.data.frames import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray


def random_turn(frame: Frame, rng: np.random.Generator) -> Frame:
    """Quarter turns and a flip, the same for picture and labels: no direction is up."""
    turns, flip = int(rng.integers(4)), bool(rng.integers(2))

    def turn(values: NDArray[np.integer]) -> NDArray[np.integer]:
        values = np.rot90(values, turns)
        return np.ascontiguousarray(values[:, ::-1] if flip else values)

    return Frame(frame.name, turn(frame.pixels).astype(np.uint8), turn(frame.labels))


def resized(frame: Frame, size_px: int) -> Frame:
    """A square frame at another size: pixels bilinear and antialiased, labels nearest."""
    from PIL import Image

    side = frame.labels.shape[0]
    if side == size_px:
        return frame
    picture = Image.fromarray(frame.pixels).resize((size_px, size_px), Image.Resampling.BILINEAR)
    at = (2 * np.arange(size_px) + 1) * side // (2 * size_px)
    return Frame(frame.name, np.asarray(picture), frame.labels[np.ix_(at, at)])


def padded(frame: Frame, size_px: int) -> Frame:
    """A smaller square frame in the corner of one of this size; the rest has no labels."""
    side = frame.labels.shape[0]
    if side >= size_px:
        return frame
    beyond = (0, size_px - side)
    pixels = np.pad(frame.pixels, (beyond, beyond, (0, 0)), mode="symmetric")
    return Frame(frame.name, pixels, np.pad(frame.labels, beyond, constant_values=NOTHING))


def random_colour(
    pixels: NDArray[np.uint8], strength: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """(h, w, 3) float32 in 0..255: brightness, contrast, saturation and colour cast changed."""
    out = pixels.astype(np.float32)
    mean = out.mean()
    out = (out - mean) * rng.uniform(1 - strength, 1 + strength) + mean
    grey = out.mean(axis=2, keepdims=True)
    out = grey + (out - grey) * np.float32(rng.uniform(1 - 1.5 * strength, 1 + 1.5 * strength))
    out *= rng.uniform(1 - strength / 3, 1 + strength / 3, 3).astype(np.float32)
    out += np.float32(rng.uniform(-100, 100) * strength)
    clipped: NDArray[np.float32] = np.clip(out, 0, 255)
    return clipped
