"""OME-Zarr images, versions 0.4 and 0.5, by zarr."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.picture.bands import Bands
from napari_uhrnet.scene.picture.picture import Georeference, Picture
from napari_uhrnet.scene.readers.limits import check_chunk, check_size, files_below
from napari_uhrnet.scene.readers.units import metres_per

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.window import Window

_WITHOUT_AXES = "tczyx"
_MALFORMED = (
    *(LookupError, TypeError, ValueError, OSError, AttributeError),
    *(ArithmeticError, RecursionError, NotImplementedError),
)
"""What zarr and the code below raise for metadata of the wrong shape."""


@dataclass(frozen=True)
class NgffLevel:
    """A zarr array with named axes; axes other than c, y and x have one element."""

    array: Any
    axes: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        sizes = dict(zip(self.axes, self.array.shape, strict=True))
        return int(sizes["y"]), int(sizes["x"]), int(sizes.get("c", 1))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        dtype: np.dtype[Any] = np.dtype(self.array.dtype)
        return dtype

    @property
    def chunk_yx(self) -> tuple[int, int]:
        """Height and width of the chunks."""
        sizes = dict(zip(self.axes, self.array.chunks, strict=True))
        return int(sizes["y"]), int(sizes["x"])

    def read(self, window: Window) -> NDArray[Any]:
        """(h, w, channels); UserError where a chunk is damaged."""
        rows, columns = window.slices
        parts = {"y": rows, "x": columns, "c": slice(None)}
        try:
            pixels = np.asarray(self.array[tuple(parts.get(axis, 0) for axis in self.axes)])
        except (OSError, RuntimeError, ValueError) as error:
            raise UserError(
                f"{self.array.store_path}: the pixels around row {window.y}, column {window.x} "
                "cannot be read; a chunk is damaged, fetch the folder again."
            ) from error
        left = [axis for axis in self.axes if axis in parts]
        if "c" not in left:
            pixels, left = pixels[..., None], [*left, "c"]
        return pixels.transpose([left.index(axis) for axis in "yxc"])


def open_ngff(path: Path) -> Picture:
    """The image in an OME-Zarr folder as a picture; UserError for other folders."""
    import zarr

    try:
        group = zarr.open_group(path, mode="r")
        multiscales = _multiscales(path, dict(group.attrs))
        axes, units = _axes(multiscales)
        found = multiscales["datasets"]
        levels = [_level(path, _array(group, dataset["path"]), axes) for dataset in found]
        size_m = _pixel_size_m(multiscales, axes, units)
        _check_levels(path, levels)
    except _MALFORMED as error:
        raise UserError(
            f"{path}: this folder is not an OME-Zarr image, or parts of it are missing; choose a "
            "folder with multiscales metadata of version 0.4 or 0.5."
        ) from error
    georeference = Georeference(pixel_size_m=size_m)
    return Picture("OME-Zarr", tuple(levels), Bands.of(levels[0].shape[2]), georeference)


def _multiscales(path: Path, attributes: dict[str, Any]) -> dict[str, Any]:
    described = attributes.get("ome", attributes)
    if "multiscales" not in described and {"plate", "bioformats2raw.layout"} & set(described):
        raise UserError(f"{path}: the folder holds several images; choose one of them, such as 0.")
    images: list[Any] = described["multiscales"]
    first = images[0]
    if not isinstance(images, list) or not isinstance(first, dict):
        raise TypeError("multiscales is no list of objects")
    return first


def _axes(multiscales: dict[str, Any]) -> tuple[str, list[str | None]]:
    """One letter per axis, and their units."""
    axes = multiscales.get("axes", list(_WITHOUT_AXES))
    named = [axis if isinstance(axis, dict) else {"name": axis} for axis in axes]
    return "".join(axis["name"] for axis in named), [axis.get("unit") for axis in named]


def _array(group: Any, name: str) -> Any:
    """The array of that name below the group; ValueError for anything that leads elsewhere."""
    import zarr

    if not set(name.split("/")).isdisjoint({"", ".", ".."}) or "\\" in name or ":" in name:
        raise ValueError(f"the level {name!r} is not inside of the folder")
    array = group[name]
    if not isinstance(array, zarr.Array):
        raise TypeError(f"{name} is no array")
    return array


def _check_levels(path: Path, levels: list[NgffLevel]) -> None:
    for level in levels:
        if level.dtype.kind not in "buif":
            raise UserError(
                f"{path}: the values have the type {level.dtype}; save real numbers instead."
            )
        check_chunk(str(path), level.array.chunks, level.dtype)
    check_size(str(path), levels[0].shape, levels[0].dtype, files_below(path))


def _level(path: Path, array: Any, axes: str) -> NgffLevel:
    if len(axes) != array.ndim or not {"y", "x"} <= set(axes):
        raise ValueError(f"axes {axes} for an array of shape {array.shape}")
    stack = [axis for axis, n in zip(axes, array.shape, strict=True) if axis not in "cyx" and n > 1]
    if stack:
        raise UserError(
            f"{path}: the image is a stack (axes {axes}, shape {array.shape}); save the plane to "
            "segment as a separate image."
        )
    return NgffLevel(array, axes)


def _pixel_size_m(multiscales: dict[str, Any], axes: str, units: list[str | None]) -> float | None:
    """Side of a square of the area of a pixel of the first level; None without a unit."""
    transforms = [
        *multiscales["datasets"][0].get("coordinateTransformations", []),
        *multiscales.get("coordinateTransformations", []),
    ]
    scales = [t["scale"] for t in transforms if t["type"] == "scale"]
    metres = [metres_per(units[axes.index(axis)]) for axis in "yx"]
    if any(len(scale) != len(axes) for scale in scales):
        raise ValueError(f"scales {scales} for the axes {axes}")
    if not scales or None in metres:
        return None
    sides_m = [
        math.prod(float(scale[axes.index(axis)]) for scale in scales) * (unit or 0)
        for axis, unit in zip("yx", metres, strict=True)
    ]
    if not all(math.isfinite(side) and side > 0 for side in sides_m):
        return math.nan  # the scene says that it is not possible
    return math.sqrt(sides_m[0] * sides_m[1])
