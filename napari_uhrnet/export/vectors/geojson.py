"""Labels as GeoJSON: one polygon a region, with id, name and colour of its class.

GDAL's own writer leaves out a CRS without a number at an authority, so that others take the file to
be in longitude and latitude, and to append to a file it reads all of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_uhrnet.export.vectors.features import hex_colour, placed_regions

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uhrnet.geometry.blocks import Read
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.transform import Transform


def write_geojson(
    path: Path,
    read: Read,
    shape_yx: tuple[int, int],
    classes: ClassTable,
    crs: str | None,
    transform: Transform | None,
) -> None:
    """A new file, a feature a line, in the scene's CRS (or pixels: x = column, y = row).

    RFC 7946 knows longitude and latitude only; the member "crs" of its predecessor, which GDAL and
    QGIS read, says what these coordinates are.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"type": "FeatureCollection",\n')
        if crs is not None:
            file.write(f'"crs": {json.dumps(_crs_member(crs))},\n')
        file.write('"features": [')
        comma = "\n"
        for label_class, polygon in placed_regions(read, shape_yx, classes, transform):
            feature = {
                "type": "Feature",
                "properties": {
                    "class_id": label_class.id,
                    "class_name": label_class.name,
                    "colour": hex_colour(label_class.rgb),
                },
                "geometry": polygon.__geo_interface__,
            }
            file.write(comma + json.dumps(feature))
            comma = ",\n"
        file.write("\n]}\n")


def _crs_member(crs: str) -> dict[str, Any]:
    from rasterio.crs import CRS

    authority = CRS.from_wkt(crs).to_authority()
    name = crs if authority is None else "urn:ogc:def:crs:{}::{}".format(*authority)
    return {"type": "name", "properties": {"name": name}}
