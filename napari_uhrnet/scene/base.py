"""The scene: the whole picture, read lazily."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.picture.level import as_dask
from napari_uhrnet.scene.picture.plausible import LARGEST_PIXEL_M, plausible_size_m

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    import dask.array as da
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.transform import Transform
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.picture.picture import Picture


def checked_pixel_size(name: str, pixel_size_m: float) -> float:
    """The pixel size itself; UserError unless it is a plausible number of metres."""
    size_m = plausible_size_m(pixel_size_m)
    if size_m is None:
        raise UserError(
            f"{name}: a pixel size of {pixel_size_m:g} m is not possible; "
            f"give metres per pixel, more than 0 and at most {LARGEST_PIXEL_M:g}."
        )
    return size_m


class Scene:
    """A picture of any size with its levels, and how its pixels reach a network.

    Nothing is read before it is asked for. Reading is safe from several threads at once. A scene
    is a context manager that closes its files; a copy with another pixel size shares them.
    """

    def __init__(
        self, picture: Picture, name: str, path: Path | None, pixel_size_m: float | None
    ) -> None:
        self.picture = picture
        self.name = name
        self.path = path
        self.pixel_size_m = pixel_size_m

    def __repr__(self) -> str:
        height, width = self.shape_yx
        return f"Scene({self.name!r}, {height} x {width}, {self.bands} bands, {self.dtype})"

    def __enter__(self) -> Scene:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the files; the scene cannot be read any more."""
        self.picture.close()

    @cached_property
    def levels(self) -> list[da.Array]:
        """Dask arrays (height, width, bands) of raw values, finest first."""
        return [as_dask(level) for level in self.picture.levels]

    @property
    def level_shapes(self) -> list[tuple[int, int]]:
        """(height, width) of the levels, finest first."""
        return [level.shape[:2] for level in self.picture.levels]

    @property
    def shape_yx(self) -> tuple[int, int]:
        """(height, width) of level 0."""
        return self.level_shapes[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the raw values."""
        return self.picture.levels[0].dtype

    @property
    def bands(self) -> int:
        """Number of raw bands, alpha included; a mask in the file counts as an alpha band."""
        return self.picture.levels[0].shape[2]

    @property
    def crs(self) -> str | None:
        """Coordinate reference system as WKT."""
        return self.picture.georeference.crs

    @property
    def transform(self) -> Transform | None:
        """(a, b, c, d, e, f): x = a column + b row + c, y = d column + e row + f, level 0."""
        return self.picture.georeference.transform

    @property
    def fingerprint(self) -> str:
        """Hex digest of shape, type, georeference and sampled pixels; computed when first asked."""
        return self.picture.fingerprint

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was guessed or left out when the file was opened; mostly empty."""
        return self.picture.all_notes

    @property
    def settings_key(self) -> str:
        """What else decides on the pixels of ``read``: bands, "no data" and stretch."""
        return f"{self.picture.bands.key} stretch={self.picture.stretch}"

    def with_pixel_size(self, pixel_size_m: float | None) -> Scene:
        """The same scene with another pixel size in metres; UserError if that is impossible."""
        other = copy.copy(self)
        other.pixel_size_m = (
            None if pixel_size_m is None else checked_pixel_size(self.name, pixel_size_m)
        )
        return other

    def read(self, window: Window, level: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Pixels of a window of a level.

        The window counts pixels of that level and lies inside it. Returns (h, w, 3) uint8 RGB and
        (h, w) bool valid. 8-bit values come unchanged, others through the stretch of the scene.
        Raises UserError where the file is damaged.
        """
        stored = self.picture.levels[level]
        if window.clip(stored.shape[:2]) != window:
            raise ValueError(f"{window} is not inside level {level} of {self!r}")
        raw = stored.read(window)
        return self._to_rgb(raw), self.picture.bands.valid(raw)

    def rgb_levels(self) -> list[da.Array]:
        """Dask arrays (height, width, 3) uint8: the levels as the networks see them."""
        return [
            level.map_blocks(
                self._to_rgb,
                dtype=np.uint8,
                chunks=(*level.chunks[:2], (3,)),
                meta=np.empty((0, 0, 0), np.uint8),
            )
            for level in self.levels
        ]

    def _to_rgb(self, raw: NDArray[Any]) -> NDArray[np.uint8]:
        colours = raw[..., list(self.picture.bands.rgb)]
        stretch = self.picture.stretch
        rgb = colours if stretch is None else stretch.apply(colours)
        return np.ascontiguousarray(rgb, np.uint8)
