"""What GDAL reads from a file beside its pixels, and pixel sizes in metres."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from napari_uhrnet.scene.picture.bands import Bands
from napari_uhrnet.scene.picture.picture import Georeference

if TYPE_CHECKING:
    from rasterio.crs import CRS

    from napari_uhrnet.geometry.transform import Transform

_GROUND_TOLERANCE = 0.02
_EARTH_AXIS_M, _EARTH_ECCENTRICITY_2 = 6_378_137.0, 0.006694379990


def georeference_of(dataset: Any) -> Georeference:
    """CRS, transform and pixel size of an open rasterio dataset."""
    if dataset.transform.is_identity:
        return Georeference(dataset.crs.to_wkt() if dataset.crs else None)
    a, b, c, d, e, f = (float(v) for v in dataset.transform[:6])
    transform = a, b, c, d, e, f
    size_m = pixel_size_m(dataset.crs, transform, dataset.shape)
    return Georeference(dataset.crs.to_wkt() if dataset.crs else None, transform, size_m)


def pixel_size_m(crs: CRS | None, transform: Transform, shape_yx: tuple[int, int]) -> float | None:
    """Side of a square of the ground area of the centre pixel.

    The unit of a projected CRS is trusted unless its scale at the centre is off by more than 2 %
    (Web Mercator's is, away from the equator); then, as for degrees, the ellipsoid decides. Without
    a CRS (a world file) the unit is metres, unless all coordinates could be degrees.
    """
    a, b, _, d, e, _ = transform
    side = math.sqrt(abs(a * e - b * d))
    if side == 0:
        return None
    if crs is None:
        return None if _could_be_degrees(transform, shape_yx) else side
    ground_m = _ground_side_m(crs, transform, shape_yx)
    if not crs.is_projected:
        return ground_m
    named_m = side * float(crs.linear_units_factor[1])
    if ground_m is None or abs(ground_m / named_m - 1) < _GROUND_TOLERANCE:
        return named_m
    return ground_m


def _could_be_degrees(transform: Transform, shape_yx: tuple[int, int]) -> bool:
    a, b, c, d, e, f = transform
    corners = [(x, y) for x in (0, shape_yx[1]) for y in (0, shape_yx[0])]
    return all(abs(a * x + b * y + c) <= 180 and abs(d * x + e * y + f) <= 90 for x, y in corners)


def _ground_side_m(crs: CRS, transform: Transform, shape_yx: tuple[int, int]) -> float | None:
    """The same from latitudes and longitudes of the centre pixel; None if there are none."""
    from rasterio.warp import transform as reproject

    from napari_uhrnet.scene.readers.gdal import GDAL_ERRORS

    a, b, c, d, e, f = transform
    row, column = shape_yx[0] / 2, shape_yx[1] / 2
    points = [(row, column), (row, column + 1), (row + 1, column)]
    xs = [a * x + b * y + c for y, x in points]
    ys = [d * x + e * y + f for y, x in points]
    try:
        lon, lat = reproject(crs, "EPSG:4326", xs, ys)
    except GDAL_ERRORS:
        return None
    if not all(map(math.isfinite, [*lon, *lat])):
        return None
    phi = math.radians(lat[0])
    bend = 1 - _EARTH_ECCENTRICITY_2 * math.sin(phi) ** 2
    east_m = math.radians(1) * _EARTH_AXIS_M / math.sqrt(bend) * math.cos(phi)
    north_m = math.radians(1) * _EARTH_AXIS_M * (1 - _EARTH_ECCENTRICITY_2) / bend**1.5
    right, down = (((lon[k] - lon[0] + 180) % 360 - 180, lat[k] - lat[0]) for k in (1, 2))
    area_m2 = abs(right[0] * down[1] - right[1] * down[0]) * east_m * north_m
    return math.sqrt(area_m2) or None


def bands_of(dataset: Any, has_mask: bool = False) -> Bands:
    """What the bands of an open rasterio dataset mean; a mask is one band more at the end."""
    from rasterio.enums import ColorInterp as Colour

    colours = list(dataset.colorinterp)
    alpha = colours.index(Colour.alpha) if Colour.alpha in colours else None
    if has_mask:
        alpha = len(colours)
    rgb = (Colour.red, Colour.green, Colour.blue)
    nodata = None if dataset.nodata is None else float(dataset.nodata)
    if all(colour in colours for colour in rgb):
        red, green, blue = (colours.index(colour) for colour in rgb)
        return Bands((red, green, blue), alpha, nodata)
    order = [k for k in range(len(colours)) if k != alpha] or [0]
    red, green, blue = order[:3] if len(order) >= 3 else order[:1] * 3
    return Bands((red, green, blue), alpha, nodata)


def crs_name(wkt: str | None) -> str | None:
    """A short name such as "EPSG:32633", else the name that the WKT itself gives."""
    if wkt is None:
        return None
    from rasterio.crs import CRS

    crs = CRS.from_wkt(wkt)
    authority = crs.to_authority()
    if authority is not None:
        return ":".join(authority)
    return wkt.split('"')[1] if '"' in wkt else wkt
