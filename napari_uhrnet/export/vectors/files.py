"""GeoPackage and GeoJSON files as GDAL reads them; no other file gets near it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.vectors.foreign import looks_like
from napari_uhrnet.export.vectors.names import plain_name
from napari_uhrnet.scene.readers.quiet import quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from rasterio.crs import CRS

_SQLITE = b"SQLite format 3\0"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HEAD_BYTES = 65_536
_LOCAL = ("ENGCRS", "ENGINEERINGCRS", "LOCAL_CS")
_CRS_MEMBER = re.compile(rb'"crs"\s*:\s*\{[^{}]*\{[^{}]*"name"\s*:\s*("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True)
class Features:
    """What a layer holds, one entry a feature.

    layer
        Its name; "" in GeoJSON, which has one.
    crs
        That of the coordinates; None if the file does not say it.
    geometries
        (n,) shapely geometries, or None.
    properties
        By name; those without a value are left out.
    """

    layer: str
    crs: CRS | None
    geometries: NDArray[Any]
    properties: list[dict[str, Any]]


def read_layers(path: Path) -> list[Features]:
    """All layers with geometries; UserError for what is no GeoPackage or GeoJSON."""
    from pyogrio.errors import DataLayerError, DataSourceError
    from rasterio._err import CPLE_BaseError
    from shapely.errors import ShapelyError

    try:
        return _read(path)
    except (
        OSError,
        ValueError,
        RecursionError,
        DataLayerError,
        DataSourceError,
        CPLE_BaseError,
        ShapelyError,
    ) as error:
        raise UserError(f"{path}: cannot be read as polygons ({error}): choose another") from error


def _read(path: Path) -> list[Features]:
    from pyogrio import list_layers

    is_geopackage = path.suffix.lower() == ".gpkg"
    _check_start(path, is_geopackage)
    with plain_name(path) as plain, quiet():
        # With this prefix GDAL tries no other driver of files that are JSON.
        source = plain if is_geopackage else f"GeoJSON:{plain}"
        names = [str(name) for name, kind in list_layers(source) if kind is not None]
        if not names:
            raise ValueError("there is no layer with geometries")
        return [_layer(path, source, name, is_geopackage) for name in names]


def _layer(path: Path, source: Path | str, name: str, is_geopackage: bool) -> Features:
    from pyogrio import raw
    from shapely import from_wkb

    about, _, blobs, columns = raw.read(source, layer=name)
    crs = _defined(about["crs"]) if is_geopackage else _geojson_crs(path)
    values = [_values(c, t) for c, t in zip(columns, about["dtypes"], strict=True)]
    rows = list(_properties(about["fields"], values, len(blobs)))
    return Features(name if is_geopackage else "", crs, from_wkb(blobs), rows)


def _check_start(path: Path, is_geopackage: bool) -> None:
    """ValueError for a file of another format, whatever it is called."""
    with path.open("rb") as file:
        start = file.read(_HEAD_BYTES)
    if is_geopackage and not start.startswith(_SQLITE):
        raise ValueError("it is no GeoPackage")
    if not is_geopackage and not start.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(b"{"):
        raise ValueError("it is no GeoJSON")
    if not is_geopackage and (foreign := looks_like(path, start)):
        raise ValueError(f"it is {foreign}")


def _values(column: NDArray[Any], declared: str) -> list[Any]:
    """Python's values, None for missing ones; integers with missing ones come as floats."""
    whole = declared.startswith("int") and column.dtype.kind == "f"
    values = [None if isinstance(v, float) and isnan(v) else v for v in column.tolist()]
    return [None if v is None else int(v) for v in values] if whole else values


def _properties(
    names: NDArray[Any], columns: list[list[Any]], count: int
) -> Iterator[dict[str, Any]]:
    for k in range(count):
        row = ((name, column[k]) for name, column in zip(names.tolist(), columns, strict=True))
        yield {name: value for name, value in row if value is not None}


def _defined(crs: str | None) -> CRS | None:
    """The CRS of a layer; None for GeoPackage's undefined ones and local ones, tied to no place."""
    from rasterio.crs import CRS

    if crs is None or crs.startswith(_LOCAL) or '["undefined' in crs.lower():
        return None
    return CRS.from_user_input(crs)


def _geojson_crs(path: Path) -> CRS | None:
    """The member "crs", in front of the features or behind them; None if there is none.

    GDAL takes a file without it, or with one that it does not know, to be in longitude and
    latitude.
    """
    from rasterio.crs import CRS

    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).partition(b'"features"')[0]
        file.seek(max(0, path.stat().st_size - _HEAD_BYTES))
        tail = file.read().rpartition(b"]")[2]
    member = _CRS_MEMBER.search(head) or _CRS_MEMBER.search(tail)
    if member is None:
        return None
    name = json.loads(member[1])
    if name.endswith("CRS84"):
        return CRS.from_epsg(4326)
    parts = name.removeprefix("urn:ogc:def:crs:").split(":")
    return CRS.from_string(name if len(parts) == 1 else f"{parts[0]}:{parts[-1]}")
