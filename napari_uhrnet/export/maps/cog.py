"""Masks as Cloud Optimized GeoTIFF."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.export.maps.geotiff import write_geotiff
from napari_uhrnet.geometry.blocks import blocks

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uhrnet.geometry.blocks import Read
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.transform import Transform

_TILE_PX = 512


def write_cog(
    path: Path,
    read: Read,
    shape_yx: tuple[int, int],
    classes: ClassTable,
    crs: str | None,
    transform: Transform | None,
) -> None:
    """A new COG with colour table, nodata and overviews; OSError if the disk fails.

    GDAL rearranges a plain GeoTIFF that lies beside; as it does not report every error of the disk,
    the result is compared with that.
    """
    from rasterio.shutil import copy

    from napari_uhrnet.scene.readers.gdal import GDAL_ERRORS
    from napari_uhrnet.scene.readers.quiet import quiet

    plain = path.with_name(f"plain-{path.name}")
    write_geotiff(plain, read, shape_yx, classes, crs, transform)
    try:
        with quiet():
            copy(
                plain,
                path,
                driver="COG",
                compress="DEFLATE",
                blocksize=_TILE_PX,
                overview_resampling="nearest",
                bigtiff="IF_SAFER",
            )
    except GDAL_ERRORS as error:
        raise OSError(errno.EIO, f"GDAL: {error}") from error
    if not _equal(plain, path):
        raise OSError(errno.ENOSPC, "what was written cannot be read back")
    plain.unlink()


def _equal(plain: Path, copied: Path) -> bool:
    """Whether two files hold the same pixels on all levels."""
    import tifffile

    with tifffile.TiffFile(plain) as one:
        count = len(one.pages)
    return all(_level_equal(plain, copied, level) for level in range(count))


def _level_equal(plain: Path, copied: Path, level: int) -> bool:
    import rasterio
    from rasterio.windows import Window

    from napari_uhrnet.scene.readers.gdal import GDAL_ERRORS
    from napari_uhrnet.scene.readers.quiet import quiet

    options = {"overview_level": level - 1} if level else {}
    try:
        with (
            quiet(),
            rasterio.open(plain, **options) as one,
            rasterio.open(copied, **options) as two,
        ):
            if one.shape != two.shape:
                return False
            for w in blocks(one.shape):
                box = Window(w.x, w.y, w.width, w.height)
                if not np.array_equal(one.read(1, window=box), two.read(1, window=box)):
                    return False
    except GDAL_ERRORS:
        return False
    return True
