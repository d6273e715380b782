"""Fingerprints of pictures from a sample of their pixels."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_uhrnet.scene.picture.level import Level


def sample_windows(shape_yx: tuple[int, int], per_axis: int, size_px: int) -> Iterator[Window]:
    """Evenly spaced squares, top to bottom; the whole picture if it is no larger than they are."""
    height, width = (min(n, size_px) for n in shape_yx)
    if max(shape_yx) <= per_axis * size_px:
        yield Window.of_shape(shape_yx)
        return
    for y in np.linspace(0, shape_yx[0] - height, per_axis).astype(int).tolist():
        for x in np.linspace(0, shape_yx[1] - width, per_axis).astype(int).tolist():
            yield Window(y, x, height, width)


def fingerprint(level: Level, georeference: str) -> str:
    """Hex digest of the shape, type, georeference and 25 sampled blocks of a level."""
    digest = hashlib.sha256(f"{level.shape} {level.dtype.name} {georeference}".encode())
    for window in sample_windows(level.shape[:2], per_axis=5, size_px=64):
        digest.update(np.ascontiguousarray(level.read(window)).tobytes())
    return digest.hexdigest()[:32]
