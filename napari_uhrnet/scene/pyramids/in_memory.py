"""Coarser levels for pictures that come without them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.scene.picture.level import ArrayLevel, Level, as_dask

if TYPE_CHECKING:
    import dask.array as da
    from numpy.typing import NDArray

    from napari_uhrnet.scene.picture.bands import Bands
    from napari_uhrnet.scene.picture.picture import Picture

COARSEST_PX = 1024
"""The last level is no longer than this on either axis: napari loads it whole."""
_BLOCK_PX = 1024


def halve(pixels: NDArray[Any], bands: Bands) -> NDArray[Any]:
    """(h, w, bands) to (ceil(h / 2), ceil(w / 2), bands): the mean of 2 x 2 valid pixels.

    A pixel is invalid if more than half of those under it are; it then holds "no data", or 0. An
    odd last row or column is its own mean.
    """
    odd = pixels.shape[0] % 2, pixels.shape[1] % 2
    pixels = np.pad(pixels, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge")
    precise = np.float32 if pixels.dtype.itemsize <= 2 else np.float64
    valid = bands.valid(pixels)
    whole = bool(valid.all())
    values = pixels if whole else np.where(valid[..., None], pixels, 0)
    total, count = _sum_2x2(values.astype(precise)), _sum_2x2(valid.astype(precise))
    mean = total / np.maximum(count, 1)[..., None]
    if pixels.dtype.kind in "ui":
        mean = np.rint(mean)
    if not whole:
        mean[count < 2] = _invalid_value(bands)
    shrunk: NDArray[Any] = mean.astype(pixels.dtype)
    return shrunk


def _sum_2x2(values: NDArray[Any]) -> NDArray[Any]:
    upper = values[0::2, 0::2] + values[0::2, 1::2]
    lower = values[1::2, 0::2] + values[1::2, 1::2]
    total: NDArray[Any] = upper + lower
    return total


def _invalid_value(bands: Bands) -> float:
    if bands.alpha is not None:
        return 0.0
    return np.nan if bands.nodata is None else bands.nodata


def halved(array: da.Array, bands: Bands) -> da.Array:
    """The next level of a dask array (height, width, bands), lazily."""
    # Blocks start at even pixels, so that a pixel never depends on how the array is chunked.
    source = array.rechunk((_BLOCK_PX, _BLOCK_PX, -1))
    rows, columns = (tuple(-(-n // 2) for n in axis) for axis in source.chunks[:2])
    return source.map_blocks(
        halve,
        bands,
        dtype=array.dtype,
        chunks=(rows, columns, source.chunks[2]),
        meta=np.empty((0, 0, 0), array.dtype),
    )


def with_lazy_levels(picture: Picture) -> Picture:
    """The picture, shrunk on the fly from its last level on until that is small."""
    levels: list[Level] = list(picture.levels)
    while max(levels[-1].shape[:2]) > COARSEST_PX:
        levels.append(ArrayLevel(halved(as_dask(levels[-1]), picture.bands)))
    return replace(picture, levels=tuple(levels), derived=len(levels) - len(picture.levels))
