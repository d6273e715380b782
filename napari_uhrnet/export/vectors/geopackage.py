"""Labels as GeoPackage: one polygon a region, with id, name and colour of its class.

A GeoPackage is an SQLite file with some tables (OGC 12-128r18), so that no library for vector
files is needed.
"""

from __future__ import annotations

import errno
import sqlite3
import struct
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from napari_uhrnet.export.vectors.features import hex_colour, placed_regions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shapely import Polygon

    from napari_uhrnet.geometry.blocks import Read
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.transform import Transform

TABLE = "labels"

_APPLICATION_ID = 0x47504B47
_VERSION = 10300
_UNDEFINED_CARTESIAN, _UNDEFINED_GEOGRAPHIC, _WGS84 = -1, 0, 4326
_OWN_SRS = 100_000
_SCHEMA = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL,
  definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL,
  identifier TEXT UNIQUE, description TEXT DEFAULT '', last_change DATETIME NOT NULL,
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL,
  m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE labels (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom POLYGON,
  class_id INTEGER, class_name TEXT, colour TEXT);
"""


def write_geopackage(
    path: Path,
    read: Read,
    shape_yx: tuple[int, int],
    classes: ClassTable,
    crs: str | None,
    transform: Transform | None,
) -> None:
    """A new file in the scene's CRS (or pixels: x = column, y = row); OSError if the disk fails."""
    try:
        with closing(sqlite3.connect(path)) as database:
            database.executescript(_SCHEMA)
            database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {_VERSION}")
            # Unfinished files are thrown away, so nothing has to be rolled back.
            database.execute("PRAGMA journal_mode = OFF")
            srs_id = _write_srs(database, crs)
            bounds = _Bounds()
            database.executemany(
                "INSERT INTO labels (geom, class_id, class_name, colour) VALUES (?, ?, ?, ?)",
                _rows(read, shape_yx, classes, transform, srs_id, bounds),
            )
            _write_contents(database, srs_id, bounds)
            database.commit()
    except sqlite3.OperationalError as error:
        full = error.sqlite_errorcode in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)
        raise OSError(errno.ENOSPC if full else errno.EIO, str(error)) from error


class _Bounds:
    """The box around all polygons."""

    def __init__(self) -> None:
        self.values: tuple[float, float, float, float] | None = None

    def add(self, polygon: Polygon) -> None:
        left, bottom, right, top = polygon.bounds
        x0, y0, x1, y1 = self.values or polygon.bounds
        self.values = min(x0, left), min(y0, bottom), max(x1, right), max(y1, top)


def _rows(
    read: Read,
    shape_yx: tuple[int, int],
    classes: ClassTable,
    transform: Transform | None,
    srs_id: int,
    bounds: _Bounds,
) -> Iterator[tuple[bytes, int, str, str]]:
    for label_class, polygon in placed_regions(read, shape_yx, classes, transform):
        bounds.add(polygon)
        blob = _geometry_blob(polygon, srs_id)
        yield blob, label_class.id, label_class.name, hex_colour(label_class.rgb)


def _geometry_blob(polygon: Polygon, srs_id: int) -> bytes:
    """Header with envelope, then WKB; all little endian."""
    x0, y0, x1, y1 = polygon.bounds
    little_endian_xy = 0b00000011
    header = struct.pack("<2sBBi4d", b"GP", 0, little_endian_xy, srs_id, x0, x1, y0, y1)
    return header + bytes(polygon.wkb)


def _write_srs(database: sqlite3.Connection, crs: str | None) -> int:
    from rasterio.crs import CRS

    rows = {
        _UNDEFINED_CARTESIAN: ("Undefined cartesian SRS", "NONE", -1, "undefined"),
        _UNDEFINED_GEOGRAPHIC: ("Undefined geographic SRS", "NONE", 0, "undefined"),
        _WGS84: ("WGS 84", "EPSG", 4326, CRS.from_epsg(4326).to_wkt()),
    }
    srs_id = _UNDEFINED_CARTESIAN
    if crs is not None:
        parsed = CRS.from_wkt(crs)
        code = parsed.to_epsg()
        srs_id = _OWN_SRS if code is None else code
        organization = "NONE" if code is None else "EPSG"
        rows[srs_id] = (f"{organization}:{srs_id}", organization, srs_id, parsed.to_wkt())
    database.executemany(
        "INSERT INTO gpkg_spatial_ref_sys (srs_id, srs_name, organization, "
        "organization_coordsys_id, definition) VALUES (?, ?, ?, ?, ?)",
        [(key, *row) for key, row in rows.items()],
    )
    return srs_id


def _write_contents(database: sqlite3.Connection, srs_id: int, bounds: _Bounds) -> None:
    changed = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change, min_x, min_y, "
        "max_x, max_y, srs_id) VALUES (?, 'features', ?, ?, ?, ?, ?, ?, ?)",
        (TABLE, TABLE, changed, *(bounds.values or (None,) * 4), srs_id),
    )
    database.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'POLYGON', ?, 0, 0)", (TABLE, srs_id)
    )
