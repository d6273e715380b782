"""JSON files of other tools, told by their members, so that a sentence can name them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST_BYTES = 1 << 26
_TO_MASKS = "export masks from the tool that wrote it"
_TO_GEOJSON = "save it as GeoJSON"
_BY_MEMBERS: tuple[tuple[set[str], str], ...] = (
    ({"images", "annotations"}, f"COCO annotations, which are only read in an export: {_TO_MASKS}"),
    ({"images", "categories"}, f"COCO annotations, which are only read in an export: {_TO_MASKS}"),
    ({"shapes", "imagePath"}, "a labelme file: make masks of it by labelme_export_json or VOC"),
    ({"shapes"}, "a labelme file: make masks of it by labelme_export_json or VOC"),
    ({"_via_img_metadata"}, f"a VIA project: {_TO_MASKS}"),
    ({"imgHeight", "objects"}, "Cityscapes polygons: choose the labelIds or labelTrainIds mask"),
    ({"size", "objects"}, f"a Supervisely annotation: {_TO_MASKS}"),
    ({"arcs", "objects"}, f"TopoJSON: {_TO_GEOJSON}"),
    ({"geometryType", "features"}, f"Esri JSON: {_TO_GEOJSON}"),
    ({"rings"}, f"Esri JSON: {_TO_GEOJSON}"),
    ({"format", "scenes", "classes"}, "the manifest of an export: choose its folder"),
    ({"classes"}, "a class table: give it as --classes"),
)
_GEOMETRIES = {"Polygon", "MultiPolygon", "GeometryCollection", "Point", "MultiPoint"} | {
    "LineString",
    "MultiLineString",
}


def looks_like(path: Path, start: bytes) -> str | None:
    """What a JSON file is and what to do; None for GeoJSON features, and if that is unknown.

    ``start`` is the beginning of the file. Files of more than 64 MiB are not looked at.
    """
    if b'"FeatureCollection"' in start or path.stat().st_size > _LARGEST_BYTES:
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return _named(content) if isinstance(content, dict) else None


def _named(content: dict[str, Any]) -> str | None:
    kind = content.get("type")
    if kind == "FeatureCollection":
        return None
    if isinstance(kind, str) and kind in _GEOMETRIES:
        return "a bare geometry without a class: make it a Feature with a class_name"
    for members, text in _BY_MEMBERS:
        if members <= content.keys():
            return text
    return None
