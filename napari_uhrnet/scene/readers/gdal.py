"""GDAL by rasterio, under rules: which drivers, no network, no file of another folder.

Importing this module imports rasterio, so it is imported where it is used.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import CRSError, RasterioError
from rasterio.io import DatasetReader

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.readers.vrt import inside, is_vrt, vrt_sources

if TYPE_CHECKING:
    from pathlib import Path

GDAL_ERRORS: tuple[type[Exception], ...] = (RasterioError, CRSError, CPLE_BaseError)
"""What rasterio raises for input that GDAL or PROJ refuse; the last two are no RasterioError."""

DRIVERS = [
    *("GTiff", "PNG", "JPEG", "GIF", "BIGGIF", "WEBP", "BMP", "PNM", "JPEGXL"),
    *("JP2OpenJPEG", "JP2KAK", "JP2ECW", "JP2MrSID", "ECW", "MrSID"),
    *("HFA", "ENVI", "EHdr", "AAIGrid", "NITF", "SRTMHGT", "DTED"),
]
"""Formats that hold their own pixels; what points to other files, servers or code is left out."""

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BESIDE = (".ovr", ".msk", ".OVR", ".MSK")


def gdal_rules() -> rasterio.Env:
    """A context in which this thread's GDAL makes no requests; around all opening and reading."""
    return rasterio.Env(CPL_VSIL_CURL_ALLOWED_FILENAME="none")


def open_dataset(path: Path, **options: Any) -> DatasetReader:
    """An open dataset; UserError where it would take pixels from a server or another folder.

    One of GDAL_ERRORS for what is no picture of a listed format.
    """
    _check_beside(path)
    drivers = DRIVERS
    if is_vrt(path):
        drivers = ["VRT"]
        for source in vrt_sources(path):
            with open_dataset(source):
                pass  # opening it is the check
    with gdal_rules():
        dataset = DatasetReader(os.path.abspath(path), driver=drivers, **options)
        try:
            _check_references(path, dataset)
        except BaseException:
            dataset.close()
            raise
    return dataset


def _check_beside(path: Path) -> None:
    """Refuse overviews and masks beside the file that are no pictures: GDAL opens any of them."""
    for suffix in _BESIDE:
        beside = path.with_name(path.name + suffix)
        if beside.is_file():
            with beside.open("rb") as file:
                start = file.read(4)
            if start not in _TIFF_STARTS:
                raise UserError(
                    f"{path.name}: {beside.name} beside it is no TIFF, so it cannot hold smaller "
                    "levels or a mask; move it away."
                )


def _check_references(path: Path, dataset: DatasetReader) -> None:
    # In this order: the list of files makes GDAL look at the overviews.
    overviews = dataset.tags(ns="OVERVIEWS").get("OVERVIEW_FILE", "")
    named = overviews.removeprefix(":::BASE:::")
    if overviews and (named == overviews or os.path.basename(named) != named):
        raise UserError(
            f"{path.name}: it takes its smaller levels from elsewhere ({overviews[:60]}), which is "
            "not followed; make overviews of its own, for example with gdaladdo."
        )
    folder = os.path.abspath(path.parent)
    for name in dataset.files:
        if not inside(folder, os.path.abspath(name)):
            raise UserError(
                f"{path.name}: it takes pixels from {name}, outside of its own folder, which is "
                "not followed; convert it to GeoTIFF."
            )
