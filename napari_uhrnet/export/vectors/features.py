"""Regions of a scene in its coordinate reference system, for GeoJSON and GeoPackage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.export.vectors.regions import regions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from shapely import Polygon

    from napari_uhrnet.geometry.blocks import Read
    from napari_uhrnet.geometry.classes import ClassTable, LabelClass
    from napari_uhrnet.geometry.transform import Transform


def placed_regions(
    read: Read, shape_yx: tuple[int, int], classes: ClassTable, transform: Transform | None
) -> Iterator[tuple[LabelClass, Polygon]]:
    """Class and polygon of each region; exteriors run counter-clockwise (x right, y up).

    Coordinates are those of the transform, else pixels: x = column, y = row, at pixel edges.
    """
    from shapely.geometry.polygon import orient

    by_id = {c.id: c for c in classes.classes}
    for class_id, polygon in regions(read, shape_yx):
        yield by_id[class_id], orient(to_world(polygon, transform))


def to_world(polygon: Polygon, transform: Transform | None) -> Polygon:
    """From pixel corners (x, y) to the coordinates of the transform."""
    if transform is None:
        return polygon
    import shapely

    a, b, c, d, e, f = transform

    def place(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = points.T
        return np.stack([a * x + b * y + c, d * x + e * y + f], axis=1)

    return shapely.transform(polygon, place)


def to_pixels(geometry: Any, transform: Transform | None) -> Any:
    """From the coordinates of the transform to pixel corners (x, y); a geometry or an array."""
    if transform is None:
        return geometry
    import shapely

    a, b, c, d, e, f = transform
    inverse = np.linalg.inv(np.array([[a, b], [d, e]]))

    def place(points: NDArray[np.float64]) -> NDArray[np.float64]:
        pixels: NDArray[np.float64] = (points - (c, f)) @ inverse.T
        return pixels

    return shapely.transform(geometry, place)


def hex_colour(rgb: tuple[int, int, int]) -> str:
    """As in #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*rgb)
