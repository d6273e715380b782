"""Geometries of any file in the pixels of a scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.vectors.features import to_pixels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

    from napari_uhrnet.scene.base import Scene

    Place = Callable[[BaseGeometry], BaseGeometry]


def placed(
    geometries: Sequence[BaseGeometry], crs: CRS | None, scene: Scene, path: Path
) -> list[BaseGeometry]:
    """The geometries with pixel corners (x, y) of the scene as coordinates.

    Without a CRS: the scene's coordinates, longitude and latitude, or pixels, whichever first puts
    them onto the scene. Raises UserError for a CRS where the scene has none.
    """
    from shapely import box, total_bounds

    if not geometries:
        return []
    if crs is not None and scene.crs is None:
        raise UserError(
            f"{path}: has coordinates in {crs.to_string()[:40]}, and {scene.name} does not say "
            "where it lies: give the scene a georeference"
        )
    height, width = scene.shape_yx
    extent, picture = box(*total_bounds(list(geometries))), box(0, 0, width, height)
    places = _places(crs, scene)
    fitting = (place for place in places if place(extent).intersects(picture))
    place = next(fitting, places[0])
    return [place(geometry) for geometry in geometries]


def _places(crs: CRS | None, scene: Scene) -> list[Place]:
    """The ways from a file's coordinates to pixels, the likeliest first."""
    from rasterio.crs import CRS

    def from_world(geometry: BaseGeometry) -> BaseGeometry:
        return to_pixels(geometry, scene.transform)

    if scene.crs is None:
        return [from_world, lambda geometry: geometry]
    own = CRS.from_wkt(scene.crs)
    if crs is not None:
        return [from_world if crs == own else _reprojected(crs, own, from_world)]
    degrees = _reprojected(CRS.from_epsg(4326), own, from_world)
    return [from_world, degrees, lambda geometry: geometry]


def _reprojected(source: CRS, target: CRS, then: Place) -> Place:
    import shapely
    from rasterio.errors import RasterioError
    from rasterio.warp import transform

    def reproject(points: NDArray[np.float64]) -> NDArray[np.float64]:
        try:
            xs, ys = transform(source, target, points[:, 0], points[:, 1])
        except RasterioError:
            return np.full_like(points, np.nan)
        return np.stack([xs, ys], axis=1)

    return lambda geometry: then(shapely.transform(geometry, reproject))
