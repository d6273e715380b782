"""One level of a stored picture, read window by window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import numpy as np

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    import dask.array as da
    from numpy.typing import DTypeLike, NDArray

    from napari_uhrnet.scene.picture.colour import Recolour

DISPLAY_CHUNK_PX = 512
"""Smaller stored blocks are gathered to at least this size, so that a view has few chunks."""
_DISPLAY_BAND_PX = 1 << 20


class Level(Protocol):
    """Pixels (height, width, bands) that can be read from any thread."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, bands)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""

    @property
    def chunk_yx(self) -> tuple[int, int]:
        """Height and width of the stored blocks: what is read at once anyhow."""

    def read(self, window: Window) -> NDArray[Any]:
        """(h, w, bands) pixels of a window inside the level."""


@dataclass(frozen=True)
class ArrayLevel:
    """A numpy, dask, zarr or similar array as a level: (height, width) or with bands last."""

    array: Any
    recolour: Recolour | None = None

    def __post_init__(self) -> None:
        if self.array.ndim not in (2, 3):
            raise ValueError(f"a level has two or three axes, not {self.array.ndim}")

    @cached_property
    def _one_pixel(self) -> NDArray[Any]:
        bands = self.array.shape[2] if self.array.ndim == 3 else 1
        pixel = np.zeros((1, 1, bands), self.array.dtype)
        return pixel if self.recolour is None else self.recolour(pixel)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, bands)."""
        height, width = self.array.shape[:2]
        return int(height), int(width), self._one_pixel.shape[2]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self._one_pixel.dtype

    @property
    def chunk_yx(self) -> tuple[int, int]:
        """The largest chunk of either axis; arrays without chunks can be read anywhere."""
        chunks = getattr(self.array, "chunks", None)
        if chunks is None:
            return DISPLAY_CHUNK_PX, DISPLAY_CHUNK_PX
        rows, columns = (c if isinstance(c, int) else max(c) for c in chunks[:2])
        return rows, columns

    def read(self, window: Window) -> NDArray[Any]:
        """(h, w, bands) pixels of a window."""
        stored = np.asarray(self.array[window.slices])
        pixels = stored if stored.ndim == 3 else stored[..., None]
        return pixels if self.recolour is None else self.recolour(pixels)


@dataclass(frozen=True)
class MaskedLevel:
    """Pixels with a mask level appended as their last band: full where valid, else 0."""

    pixels: Level
    mask: Level

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, bands of the pixels + 1)."""
        height, width, bands = self.pixels.shape
        return height, width, bands + 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return self.pixels.dtype

    @property
    def chunk_yx(self) -> tuple[int, int]:
        """Blocks of the pixels."""
        return self.pixels.chunk_yx

    def read(self, window: Window) -> NDArray[Any]:
        """(h, w, bands + 1)."""
        pixels, mask = self.pixels.read(window), self.mask.read(window)
        alpha = np.where(mask[..., :1] > 0, opaque(self.dtype), 0).astype(self.dtype)
        return np.concatenate([pixels, alpha], axis=2)


def opaque(dtype: DTypeLike) -> float:
    """The value of a wholly opaque alpha band of this type."""
    kind = np.dtype(dtype)
    return 1.0 if kind.kind == "f" else int(np.iinfo(kind).max)


@dataclass(frozen=True)
class _Indexable:
    """A level as dask reads it: with an index of slices, as many as there are axes."""

    level: Level
    ndim: int = 3

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.level.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.level.dtype

    def __getitem__(self, index: tuple[slice, ...]) -> NDArray[Any]:
        spans = [s.indices(n) for s, n in zip(index, self.shape, strict=True)]
        (top, bottom, down), (left, right, across), bands = spans
        pixels = self.level.read(Window.between(top, left, bottom, right))
        return pixels[::down, ::across, slice(*bands)]


def display_chunks(level: Level) -> tuple[int, int, int]:
    """Whole stored blocks, gathered where they are small: tiles by both axes, strips by rows."""
    height, width, bands = level.shape
    rows, columns = level.chunk_yx
    if columns >= width:
        wanted_rows = _DISPLAY_BAND_PX // width or 1
        return min(height, rows * -(-wanted_rows // rows)), width, bands
    rows, columns = (n * -(-DISPLAY_CHUNK_PX // n) for n in (rows, columns))
    return min(height, rows), min(width, columns), bands


def as_dask(level: Level) -> da.Array:
    """The level as a dask array (height, width, bands) that reads a chunk when it is needed."""
    import dask.array as da

    if isinstance(level, ArrayLevel) and isinstance(level.array, da.Array) and not level.recolour:
        array = level.array
        return array if array.ndim == 3 else array[..., None]
    return da.from_array(
        _Indexable(level),
        chunks=display_chunks(level),
        name=f"scene-{uuid4().hex}",
        asarray=False,
        fancy=False,
        meta=np.empty((0, 0, 0), level.dtype),
        inline_array=True,
    )
