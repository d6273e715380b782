"""Geometries of any file in the pixels of a scene."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.vectors.features import to_pixels
from napari_uhrnet.scene.places import parsed_system, same_system

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

    from napari_uhrnet.scene.base import Scene

    Geometries = NDArray[Any]


def placed(
    geometries: Sequence[BaseGeometry],
    crs: CRS | None,
    scene: Scene,
    path: Path,
    note: Callable[[str], None],
) -> list[BaseGeometry]:
    """The geometries with pixel corners (x, y) of the scene as coordinates.

    Without a CRS: the scene's coordinates, longitude and latitude, or pixels: the first that puts
    all of them onto the scene, else the first that puts any; ``note`` is given which, if it is not
    the scene's coordinates. Points that cannot be transformed are NaN or infinite. Raises UserError
    for a CRS where the scene has none.
    """
    if not geometries:
        return []
    if crs is not None and scene.crs is None:
        raise UserError(
            f"{path}: has coordinates in {crs.to_string()[:40]}, and {scene.name} does not say "
            "where it lies: give the scene a georeference"
        )
    there = np.array(geometries, object)
    if crs is not None:
        return list(_by_system(there, crs, scene, path))
    found = list(_guesses(there, scene))
    on = [guess for guess in found if any(is_on(g, scene.shape_yx) for g in guess[1])]
    inside = [guess for guess in on if _is_inside(guess[1], scene.shape_yx)]
    name, best = next(iter(inside or on or found))
    if name:
        note(f"{path.name} names no coordinate reference system: taken to be in {name}")
    return list(best)


def is_on(geometry: BaseGeometry, shape_yx: tuple[int, int]) -> bool:
    """Whether the bounds, in pixels, touch the scene; not where a point has no place."""
    height, width = shape_yx
    left, top, right, bottom = _bounds(geometry)
    return bool(left < width and right > 0 and top < height and bottom > 0)


def _is_inside(geometries: Geometries, shape_yx: tuple[int, int]) -> bool:
    height, width = shape_yx
    left, top, right, bottom = _bounds(geometries)
    return bool(min(left, top) >= -1 and right <= width + 1 and bottom <= height + 1)


def _bounds(geometries: Any) -> NDArray[np.float64]:
    """(4,) x and y from, x and y to; NaN if a point is not finite."""
    from shapely import get_coordinates

    points: NDArray[np.float64] = get_coordinates(geometries)
    if not len(points) or not np.isfinite(points).all():
        return np.full(4, np.nan)
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _by_system(geometries: Geometries, crs: CRS, scene: Scene, path: Path) -> Geometries:
    assert scene.crs is not None
    if same_system(crs.to_wkt(), scene.crs):
        return _from_world(geometries, scene)
    own = parsed_system(scene.crs)
    if own is None:
        raise UserError(
            f"{path}: has coordinates in {crs.to_string()[:40]}, and {scene.name} in a local "
            "system: save the polygons in that system"
        )
    return _from_world(_reprojected(geometries, crs, own), scene)


def _guesses(geometries: Geometries, scene: Scene) -> Iterator[tuple[str, Geometries]]:
    """The geometries in pixels by every way that is possible, and what it assumes."""
    from rasterio.crs import CRS

    yield "", _from_world(geometries, scene)
    if scene.transform is None:
        return
    own = None if scene.crs is None else parsed_system(scene.crs)
    if own is not None and (np.abs(_bounds(geometries)) <= [180, 90, 180, 90]).all():
        degrees = _reprojected(geometries, CRS.from_epsg(4326), own)
        yield "longitude and latitude", _from_world(degrees, scene)
    yield "pixels of the scene", geometries


def _from_world(geometries: Geometries, scene: Scene) -> Geometries:
    placed_there: Geometries = to_pixels(geometries, scene.transform)
    return placed_there


def _reprojected(geometries: Geometries, source: CRS, target: CRS) -> Geometries:
    """In another system; NaN where that is not possible."""
    import shapely
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import RasterioError
    from rasterio.warp import transform

    def reproject(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack(transform(source, target, points[:, 0], points[:, 1]), axis=1)

    try:
        moved: Geometries = shapely.transform(geometries, reproject)
        return moved
    except (RasterioError, CPLE_BaseError):
        if len(geometries) > 1:
            return np.concatenate(
                [_reprojected(one, source, target) for one in np.split(geometries, len(geometries))]
            )
        nowhere: Geometries = shapely.transform(geometries, lambda p: np.full_like(p, np.nan))
        return nowhere
