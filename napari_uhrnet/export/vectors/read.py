"""Polygons of GeoJSON and GeoPackage files as ids, block by block.

The polygons of a file are held in memory together, the mask never.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.export.vectors.class_of import class_of
from napari_uhrnet.export.vectors.files import read_layers
from napari_uhrnet.export.vectors.placing import is_on, placed
from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene


def polygon_blocks(
    path: Path, scene: Scene, classes: ClassTable, note: Callable[[str], None]
) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
    """Windows and (h, w) ids of a scene; where polygons overlap, the later one counts.

    All layers are read, the later ones above. Rings that cross themselves keep all of their area.
    ``note`` is given how many features were left out: without an area, and outside of the scene.

    A file that does not say its CRS is taken to be in the scene's, in longitude and latitude, or in
    pixels, whichever brings it onto the scene. A pixel belongs to the polygon in which its centre
    lies.
    """
    polygons: list[tuple[BaseGeometry, int]] = []
    count = flat = outside = 0
    for layer in read_layers(path):
        areas = [area_of(geometry) for geometry in layer.geometries]
        kept = [k for k, area in enumerate(areas) if not area.is_empty]
        in_pixels = placed([areas[k] for k in kept], layer.crs, scene, path, note)
        found = [(k, g) for k, g in zip(kept, in_pixels, strict=True) if is_on(g, scene.shape_yx)]
        polygons += [(g, class_of(layer, k, classes, path)) for k, g in found]
        count += len(areas)
        flat += len(areas) - len(kept)
        outside += len(kept) - len(found)
    if flat:
        note(f"{flat} of {count} features were left out: points, lines or nothing, without an area")
    if outside:
        note(f"{outside} of {count} features were left out: they lie outside of {scene.name}")
    return _drawn_blocks(polygons, scene.shape_yx)


def area_of(geometry: BaseGeometry | None) -> BaseGeometry:
    """All that is an area in a geometry, as one valid (multi)polygon; empty if there is none.

    Rings that cross themselves, polygons that overlap and collections count with all that they
    enclose; points and lines are left out.
    """
    from shapely import get_parts, make_valid, union_all

    parts = get_parts(get_parts([] if geometry is None else [geometry]))
    while any(part.geom_type == "GeometryCollection" for part in parts):
        parts = get_parts(parts)
    polygons = [p for p in get_parts(parts) if p.geom_type == "Polygon"]
    if len(polygons) == 1 and polygons[0].is_valid:
        return polygons[0] if polygons[0].area else union_all([])
    return union_all([make_valid(p, method="structure", keep_collapsed=False) for p in polygons])


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
