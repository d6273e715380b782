"""GDAL by rasterio, under rules: its errors in one tuple.

Importing this module imports rasterio, so it is imported where it is used.
"""

from __future__ import annotations

from rasterio._err import CPLE_BaseError
from rasterio.errors import CRSError, RasterioError

GDAL_ERRORS: tuple[type[Exception], ...] = (RasterioError, CRSError, CPLE_BaseError)
"""What rasterio raises for input that GDAL or PROJ refuse; the last two are no RasterioError."""
