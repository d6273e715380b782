"""Random views of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.training.frames import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray


def random_crop(frame: Frame, size_px: int, rng: np.random.Generator) -> Frame:
    """A square of ``size_px``; frames that are smaller along an axis stay whole along it."""
    h, w = frame.labels.shape
    y = int(rng.integers(max(h - size_px, 0) + 1))
    x = int(rng.integers(max(w - size_px, 0) + 1))
    cut = (slice(y, y + size_px), slice(x, x + size_px))
    return Frame(frame.name, frame.pixels[cut], frame.labels[cut])


def random_turn(frame: Frame, rng: np.random.Generator) -> Frame:
    """Quarter turns and a flip, the same for picture and truth: nothing has an upper side."""
    turns, flip = int(rng.integers(4)), bool(rng.integers(2))

    def turn(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        values = np.rot90(values, turns)
        return np.ascontiguousarray(values[:, ::-1] if flip else values)

    return Frame(frame.name, turn(frame.pixels), turn(frame.labels))


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
