"""Random changes to frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.training.frames import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

View = tuple["NDArray[np.float32]", "NDArray[np.uint16]"]
"""Pixels (h, w, 3) in 0..255 and labels (h, w)."""


def random_turn(frame: Frame, rng: np.random.Generator) -> Frame:
    """Quarter turns and a flip, the same for picture and truth: nothing has an upper side."""
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
    """A smaller square frame in the corner of one of this size; nothing is to be learned around."""
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


def mixed(view: View, other: View, rng: np.random.Generator) -> View:
    """A view with a rectangle of another one, at its place there (CutMix for segmentation).

    Views are pixels (h, w, 3) and labels (h, w) of one size. The rectangle is a quarter to half of
    the area; French et al., "Semi-supervised semantic segmentation needs strong, varied
    perturbations" (2020), take half.
    """
    height, width = view[1].shape
    area = rng.uniform(0.25, 0.5)
    tall = float(np.exp(rng.uniform(np.log(area), 0)))
    sides = round(height * tall), round(width * area / tall)
    top, left = (int(rng.integers(n - s + 1)) for n, s in zip((height, width), sides, strict=True))
    at = slice(top, top + sides[0]), slice(left, left + sides[1])
    pixels, labels = view[0].copy(), view[1].copy()
    pixels[at], labels[at] = other[0][at], other[1][at]
    return pixels, labels
