"""Labels as GeoPackage: one polygon a region, with id, name and colour of its class."""

from __future__ import annotations

import errno
import warnings
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.export.vectors.features import hex_colour, placed_regions
from napari_uhrnet.export.vectors.names import plain_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shapely import Polygon

    from napari_uhrnet.geometry.blocks import Read
    from napari_uhrnet.geometry.classes import ClassTable, LabelClass
    from napari_uhrnet.geometry.transform import Transform

TABLE = "labels"

_FIELDS = ("class_id", "class_name", "colour")
_BATCH = 4096
"""Regions that are held in memory and written together."""
_UNDEFINED_CARTESIAN = "-1"


def write_geopackage(
    path: Path,
    read: Read,
    shape_yx: tuple[int, int],
    classes: ClassTable,
    crs: str | None,
    transform: Transform | None,
) -> None:
    """A new file in the scene's CRS (or pixels: x = column, y = row), with a spatial index.

    Raises OSError if the disk fails.
    """
    found = placed_regions(read, shape_yx, classes, transform)
    with plain_name(path) as file:
        batch = list(islice(found, _BATCH))
        _write(file, batch, crs, append=False)
        written = len(batch)
        while batch := list(islice(found, _BATCH)):
            _write(file, batch, crs, append=True)
            written += len(batch)
        _check(file, written)


def _write(
    path: Path, batch: Sequence[tuple[LabelClass, Polygon]], crs: str | None, append: bool
) -> None:
    import shapely
    from pyogrio import raw
    from pyogrio.errors import CRSError, DataLayerError, DataSourceError

    labels = [label for label, _ in batch]
    columns = (
        np.array([label.id for label in labels], np.int64),
        np.array([label.name for label in labels], object),
        np.array([hex_colour(label.rgb) for label in labels], object),
    )
    options = {"GEOMETRY_NAME": "geom"} | ({"SRID": _UNDEFINED_CARTESIAN} if crs is None else {})
    try:
        with warnings.catch_warnings():
            # That there is no CRS is what is wanted then.
            warnings.filterwarnings("ignore", "'crs' was not provided", UserWarning)
            raw.write(
                path,
                shapely.to_wkb(np.array([polygon for _, polygon in batch], object)),
                columns,
                _FIELDS,
                layer=TABLE,
                driver="GPKG",
                geometry_type="Polygon",
                crs=crs,
                append=append,
                layer_options={} if append else options,
            )
    except CRSError as error:
        raise OSError(errno.EIO, str(error)) from error
    except (DataSourceError, DataLayerError) as error:
        # GDAL does not say why; a new file with this content can fail at the disk only.
        raise OSError(errno.ENOSPC, str(error)) from error


def _check(path: Path, written: int) -> None:
    """OSError unless all regions can be read back: GDAL does not report every error of the disk."""
    from pyogrio import read_info
    from pyogrio.errors import DataSourceError

    try:
        found = read_info(path)["features"]
    except DataSourceError as error:
        raise OSError(errno.ENOSPC, str(error)) from error
    if found != written:
        raise OSError(errno.ENOSPC, "what was written cannot be read back")
