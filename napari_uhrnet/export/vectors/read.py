"""Polygons of GeoJSON and GeoPackage files as ids, block by block.

The polygons of a file are held in memory together, the mask never.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.vectors.files import read_features
from napari_uhrnet.export.vectors.placing import placed
from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene

_NAME_KEYS = ("class_name", "class", "classname", "name", "label", "category", "type")
_ID_KEYS = ("class_id", "classid", "class", "label", "id", "value", "dn")


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

    features = read_features(path)
    areas = np.flatnonzero(shapely.area(features.geometries) > 0)
    in_pixels = placed(features.geometries[areas].tolist(), features.crs, scene, path)
    class_ids = [_class_id(features.properties[k], classes, path) for k in areas]
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
