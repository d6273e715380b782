"""Masks as GeoTIFF.

Written by tifffile, which raises the errors of the disk: GDAL reports some of them nowhere and
leaves a broken file. GDAL is only used to encode the georeference as tags.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.blocks import Read
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.transform import Transform
    from napari_uhrnet.geometry.window import Window

_TILE_PX = 512
_TILES_PER_READ = 16
_BUFFER_BYTES = 2**24
_CLASSIC_MAX_BYTES = 2**31
_GEOREFERENCE_TAGS = (33550, 33922, 34264, 34735, 34736, 34737)
_NODATA_TAG = 42113
_OVERVIEW = 1

Tag = tuple[int, int, int, Any, bool]


def write_geotiff(
    path: Path,
    read: Read,
    shape_yx: tuple[int, int],
    classes: ClassTable,
    crs: str | None,
    transform: Transform | None,
) -> None:
    """A new tiled file with colour table, nodata and overviews (every second, fourth ... pixel)."""
    nodata = str(NOTHING)
    tags: list[Tag] = [(_NODATA_TAG, 2, len(nodata) + 1, nodata, True)]
    common = {
        "dtype": np.uint8,
        "tile": (_TILE_PX, _TILE_PX),
        "compression": "adobe_deflate",
        "photometric": "palette",
        # 16 bits a colour: 255 becomes 65535.
        "colormap": classes.palette.T.astype(np.uint16) * 257,
        "metadata": None,
        "software": False,
        "buffersize": _BUFFER_BYTES,
    }
    import tifffile

    # Worst case: nothing is won by compression, and the overviews add a third.
    bigtiff = shape_yx[0] * shape_yx[1] * 4 // 3 > _CLASSIC_MAX_BYTES
    with tifffile.TiffWriter(path, bigtiff=bigtiff) as file:
        file.write(
            _tiles(read, shape_yx),
            shape=shape_yx,
            extratags=tags + _georeference_tags(crs, transform),
            **common,
        )
    level, shape = 0, shape_yx
    while max(shape) > _TILE_PX:
        shape = (-(-shape[0] // 2), -(-shape[1] // 2))
        with (
            tifffile.TiffFile(path) as finer,
            tifffile.TiffWriter(path, append=True) as file,
        ):
            file.write(
                _tiles(_every_second(finer, level), shape),
                shape=shape,
                subfiletype=_OVERVIEW,
                extratags=tags,
                **common,
            )
        level += 1


def _tiles(read: Read, shape_yx: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    """(512, 512) tiles, row by row; what lies outside is nothing."""
    for window in blocks(shape_yx, _TILE_PX, _TILE_PX * _TILES_PER_READ):
        ids = read(window)
        for left in range(0, ids.shape[1], _TILE_PX):
            tile = np.full((_TILE_PX, _TILE_PX), NOTHING, np.uint8)
            part = ids[:, left : left + _TILE_PX]
            tile[: part.shape[0], : part.shape[1]] = part
            yield tile


def _every_second(file: Any, level: int) -> Read:
    """Reads every second pixel of a level that was written."""
    import zarr

    array = zarr.open_array(file.pages[level].aszarr(), mode="r")

    def read(window: Window) -> NDArray[np.uint8]:
        pixels: NDArray[np.uint8] = np.asarray(
            array[2 * window.y : 2 * window.bottom, 2 * window.x : 2 * window.right]
        )
        return pixels[::2, ::2]

    return read


def _georeference_tags(crs: str | None, transform: Transform | None) -> list[Tag]:
    """The tags that hold the georeference, as GDAL writes them."""
    if transform is None:
        return []
    import tifffile
    from rasterio.errors import NotGeoreferencedWarning
    from rasterio.io import MemoryFile
    from rasterio.transform import Affine

    profile = {"driver": "GTiff", "height": 1, "width": 1, "count": 1, "dtype": "uint8"}
    with MemoryFile() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with memory.open(**profile, crs=crs, transform=Affine(*transform)):
            pass
        with tifffile.TiffFile(memory) as file:
            tags = file.pages.first.tags
            return [
                (tag.code, tag.dtype, tag.count, tag.value, True)
                for tag in map(tags.get, _GEOREFERENCE_TAGS)
                if tag is not None
            ]
