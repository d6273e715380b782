"""What GDAL reads from a file beside its pixels, and pixel sizes in metres."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from napari_uhrnet.scene.picture.bands import Bands
from napari_uhrnet.scene.picture.picture import Georeference
from napari_uhrnet.scene.readers.band_names import guess_note, named_note, rgb_by_name

if TYPE_CHECKING:
    from rasterio.control import GroundControlPoint
    from rasterio.crs import CRS

    from napari_uhrnet.geometry.transform import Transform

_MOST_OFF_PX = 1.0
_RPC_NOTE = "Located by RPCs only, which are not used: its place and pixel size are unknown."
_LOCAL = ("LOCAL_CS[", "ENGCRS[", "ENGINEERINGCRS[")
_GROUND_TOLERANCE = 0.02
_EARTH_AXIS_M, _EARTH_ECCENTRICITY_2 = 6_378_137.0, 0.006694379990


def georeference_of(dataset: Any) -> Georeference:
    """CRS, transform and pixel size of an open rasterio dataset."""
    crs = dataset.crs.to_wkt() if dataset.crs else None
    if dataset.transform.is_identity:
        points, points_crs = dataset.gcps
        if points:
            return from_control_points(points, points_crs, dataset.shape)
        notes = (_RPC_NOTE,) if crs is None and dataset.rpcs else ()
        return Georeference(crs, notes=notes)
    a, b, c, d, e, f = (float(v) for v in dataset.transform[:6])
    transform = a, b, c, d, e, f
    if not all(map(math.isfinite, transform)) or a * e == b * d:
        return Georeference(crs, notes=("Its transform is not possible and is not used.",))
    if crs is not None and dataset.crs.is_geographic and _no_degrees(transform, dataset.shape):
        note = "Its CRS has degrees, but its coordinates are none: the pixel size is unknown."
        return Georeference(crs, transform, notes=(note,))
    return Georeference(crs, transform, pixel_size_m(dataset.crs, transform, dataset.shape))


def from_control_points(
    points: list[GroundControlPoint], crs: CRS | None, shape_yx: tuple[int, int]
) -> Georeference:
    """The affine transform that fits ground control points best, with a note that says so.

    Where a point is off by more than a pixel only the pixel size is taken: labels would lie wrong.
    """
    import numpy as np

    pixels = np.array([[p.col, p.row, 1.0] for p in points])
    ground = np.array([[p.x, p.y] for p in points])
    used = f"Georeferenced by {len(points)} ground control points"
    if not np.isfinite(pixels).all() or not np.isfinite(ground).all():
        return Georeference(notes=(f"{used} that are not possible: they are not used.",))
    origin = ground.mean(0)  # large coordinates would cost precision
    fit, _, rank, _ = np.linalg.lstsq(pixels, ground - origin, rcond=None)
    scale = np.abs(fit[:2]).max()
    fit = np.round(fit / scale, 12) * scale  # 0 instead of 1e-17
    linear = fit[:2].T
    if rank < 3 or np.linalg.det(linear) == 0 or not scale:
        return Georeference(notes=(f"{used} that lie on a line: they are not used.",))
    off = np.linalg.solve(linear, (pixels @ fit - (ground - origin)).T)
    off_px = float(np.hypot(*off).max())
    a, d, b, e, c, f = map(float, (*fit[:2].ravel(), *(fit[2] + origin)))
    size_m = pixel_size_m(crs, (a, b, c, d, e, f), shape_yx)
    if off_px > _MOST_OFF_PX:
        note = f"{used} that no affine transform fits ({off_px:.1f} px off): pixel size only."
        return Georeference(pixel_size_m=size_m, notes=(note,))
    note = f"{used}: place and pixel size are approximate (up to {off_px:.2f} px off)."
    wkt = crs.to_wkt() if crs else None
    return Georeference(wkt, (a, b, c, d, e, f), size_m, (note,))


def pixel_size_m(crs: CRS | None, transform: Transform, shape_yx: tuple[int, int]) -> float | None:
    """Side of a square of the ground area of the centre pixel.

    The unit of a projected CRS is trusted unless its scale at the centre is off by more than 2 %
    (Web Mercator's is, away from the equator); then, as for degrees, the ellipsoid decides. Without
    a CRS (a world file) the unit is metres, unless all coordinates could be degrees. A local CRS
    names its unit.
    """
    a, b, _, d, e, _ = transform
    side = math.sqrt(abs(a * e - b * d))
    if side == 0:
        return None
    if crs is None:
        return None if _could_be_degrees(transform, shape_yx) else side
    if crs.wkt.startswith(_LOCAL):
        return side * float(crs.units_factor[1])
    ground_m = _ground_side_m(crs, transform, shape_yx)
    if not crs.is_projected:
        return ground_m
    named_m = side * float(crs.linear_units_factor[1])
    if ground_m is None or abs(ground_m / named_m - 1) < _GROUND_TOLERANCE:
        return named_m
    return ground_m


def _could_be_degrees(transform: Transform, shape_yx: tuple[int, int]) -> bool:
    return all(abs(x) <= 180 and abs(y) <= 90 for x, y in _corners(transform, shape_yx))


def _no_degrees(transform: Transform, shape_yx: tuple[int, int]) -> bool:
    """Half a pixel beyond the poles and one turn more are usual."""
    slack = 1 + max(map(abs, (transform[0], transform[1], transform[3], transform[4])))
    corners = _corners(transform, shape_yx)
    return any(abs(x) > 540 + slack or abs(y) > 90 + min(slack, 2) for x, y in corners)


def _corners(transform: Transform, shape_yx: tuple[int, int]) -> list[tuple[float, float]]:
    a, b, c, d, e, f = transform
    corners = [(x, y) for x in (0, shape_yx[1]) for y in (0, shape_yx[0])]
    return [(a * x + b * y + c, d * x + e * y + f) for x, y in corners]


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
    """What the bands of an open rasterio dataset mean; a mask is one band more at the end.

    Names of bands decide first, as formats fill in red, green and blue by themselves.
    """
    from rasterio.enums import ColorInterp as Colour

    colours = list(dataset.colorinterp)
    alpha = colours.index(Colour.alpha) if Colour.alpha in colours else None
    if has_mask:
        alpha = len(colours)
    nodata = None if dataset.nodata is None else float(dataset.nodata)
    named = rgb_by_name(dataset.descriptions)
    if named is not None:
        alpha = None if alpha in named else alpha
        note = None if named == (0, 1, 2) else named_note(named, dataset.descriptions)
        return Bands(named, alpha, nodata, note)
    rgb = (Colour.red, Colour.green, Colour.blue)
    if all(colour in colours for colour in rgb):
        red, green, blue = (colours.index(colour) for colour in rgb)
        return Bands((red, green, blue), alpha, nodata)
    order = [k for k in range(len(colours)) if k != alpha] or [0]
    red, green, blue = order[:3] if len(order) >= 3 else order[:1] * 3
    return Bands((red, green, blue), alpha, nodata, guess_note(order))


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
