"""Polygons of GeoJSON and GeoPackage files as ids, block by block.

The polygons of a file are held in memory together, the mask never.
"""

from __future__ import annotations

import json
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.vectors.placing import placed
from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene

_NAME_KEYS = ("class_name", "class", "classname", "name", "label", "category", "type")
_ID_KEYS = ("class_id", "classid", "class", "label", "id", "value", "dn")
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


@dataclass(frozen=True)
class _Features:
    """Geometries with their properties, and the CRS of their coordinates if it is known."""

    crs: CRS | None
    items: list[tuple[BaseGeometry, dict[str, Any]]]


def polygon_blocks(
    path: Path, scene: Scene, classes: ClassTable
) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
    """Windows and (h, w) ids of a scene; where polygons overlap, the later one counts.

    What has no area (points, lines) is left out.

    A file that does not say its CRS is taken to be in the scene's, in longitude and latitude, or in
    pixels: the first of these that brings it onto the scene. A pixel belongs to the polygon in
    which its centre lies.
    """
    import shapely

    try:
        features = _read_geopackage(path) if path.suffix == ".gpkg" else _read_geojson(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: cannot be read as polygons ({error}): choose another") from error
    except (sqlite3.Error, struct.error, shapely.errors.ShapelyError) as error:
        raise UserError(f"{path}: cannot be read as polygons ({error}): choose another") from error
    areas = [(geometry, about) for geometry, about in features.items if geometry.area > 0]
    in_pixels = placed([geometry for geometry, _ in areas], features.crs, scene, path)
    class_ids = [_class_id(properties, classes, path) for _, properties in areas]
    polygons = list(zip(in_pixels, class_ids, strict=True))
    return _drawn_blocks(polygons, scene.shape_yx)


def _drawn_blocks(
    polygons: list[tuple[BaseGeometry, int]], shape_yx: tuple[int, int]
) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
    from shapely import STRtree, box

    tree = STRtree([geometry for geometry, _ in polygons])
    for window in blocks(shape_yx):
        found = tree.query(box(window.x, window.y, window.right, window.bottom))
        if len(found):
            yield window, drawn([polygons[i] for i in sorted(found.tolist())], window)


def drawn(polygons: Sequence[tuple[BaseGeometry, int]], window: Window) -> NDArray[np.uint8]:
    """(h, w) ids of polygons whose coordinates are pixel corners (x, y); 255 outside of all."""
    if not polygons:
        return np.full(window.shape_yx, NOTHING, np.uint8)
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    ids: NDArray[np.uint8] = rasterize(
        polygons,
        window.shape_yx,
        fill=NOTHING,
        transform=Affine.translation(window.x, window.y),
        dtype="uint8",
    )
    return ids


def _class_id(properties: dict[str, Any], classes: ClassTable, path: Path) -> int:
    """By the class's name, else by its id, whatever the property is called in the usual files."""
    lower = {key.lower(): value for key, value in properties.items()}
    names = {c.name.lower(): c.id for c in classes.classes}
    for key in _NAME_KEYS:
        if str(lower.get(key, "")).lower() in names:
            return names[str(lower[key]).lower()]
    for key in _ID_KEYS:
        value = lower.get(key)
        if isinstance(value, int) and value in classes.names:
            return value
    raise UserError(
        f"{path}: a polygon with the properties {properties} names no class of {classes.name!r}: "
        "give it a class_name or a class_id of that table"
    )


def _read_geojson(path: Path) -> _Features:
    from shapely.geometry import shape

    content = json.loads(path.read_text(encoding="utf-8-sig"))
    crs = _geojson_crs(content)
    items = [
        (shape(feature["geometry"]), feature.get("properties") or {})
        for feature in content["features"]
        if feature["geometry"] is not None
    ]
    return _Features(crs, items)


def _geojson_crs(content: dict[str, Any]) -> CRS | None:
    from rasterio.crs import CRS

    member = content.get("crs")
    if member is None:
        return None
    name = str(member["properties"]["name"])
    if name.endswith("CRS84"):
        return CRS.from_epsg(4326)
    parts = name.removeprefix("urn:ogc:def:crs:").split(":")
    return CRS.from_string(name if len(parts) == 1 else f"{parts[0]}:{parts[-1]}")


def _read_geopackage(path: Path) -> _Features:
    from rasterio.crs import CRS
    from shapely import from_wkb

    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        layers = database.execute(
            "SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns"
        ).fetchall()
        table, column, srs_id = layers[0]
        definition = database.execute(
            "SELECT definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?", (srs_id,)
        ).fetchone()
        quoted = table.replace('"', '""')
        rows = [dict(row) for row in database.execute(f'SELECT * FROM "{quoted}"')]
    items = []
    for row in rows:
        blob = row.pop(column)
        if blob is not None:
            items.append((from_wkb(blob[8 + _ENVELOPE_BYTES[blob[3] >> 1 & 7] :]), row))
    return _Features(CRS.from_wkt(definition[0]) if srs_id > 0 else None, items)
