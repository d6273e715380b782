"""Do these lie on each other? One answer for import, compare, data check, evaluate and train."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.picture.picture import NOWHERE, Georeference
from napari_uhrnet.scene.readers.georeference import crs_name

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from rasterio.crs import CRS

    from napari_uhrnet.geometry.transform import Transform
    from napari_uhrnet.scene.picture.picture import Picture

TOLERANCE_PX = 0.25
"""Nearer than this everywhere, pixels are the same: the nearest one is found with either grid."""
_STRAIGHT = 1e-6
"""Turned by less than this, rows of one grid run along rows of the other."""
_VERTICAL_KEYS = ("vunits", "vto_meter", "geoidgrids", "geoid_crs")


@dataclass(frozen=True)
class Grid:
    """The pixels of a file: how many, and where on the ground, if it says so.

    ``name`` is what sentences call the file.
    """

    name: str
    shape_yx: tuple[int, int]
    georeference: Georeference = NOWHERE

    @property
    def transform(self) -> Transform | None:
        """As in `Scene.transform`."""
        return self.georeference.transform

    @classmethod
    def of(cls, name: str, picture: Picture) -> Grid:
        """The grid of level 0."""
        height, width, _ = picture.levels[0].shape
        return cls(name, (height, width), picture.georeference)


@dataclass(frozen=True)
class Difference:
    """How a grid differs from another one.

    ``kind``: "system" for another reference system, "pixels" for pixels of another size or
    direction, "shift" for the same pixels with another corner, "size" for the same corner and
    another number of pixels. ``text`` goes on after the name of the file: "is in EPSG:32632, ...".
    ``placed``: both files say where they lie, so one can be sampled at the pixels of the other.
    """

    kind: Literal["system", "pixels", "shift", "size"]
    text: str
    placed: bool


def stored_grid(path: Path) -> Grid:
    """The grid of a file, named by its path; no pixel is read. UserError if it can't be opened."""
    from napari_uhrnet.scene.open import open_stored

    with closing(open_stored(path)) as picture:
        return Grid.of(str(path), picture)


def difference(grid: Grid, other: Grid) -> Difference | None:
    """How a grid differs from another; None if their pixels lie on each other.

    Reference systems are compared first, then where the corners lie, then sizes. Where a file does
    not say where it lies, only the size counts.
    """
    one, two = grid.georeference.crs, other.georeference.crs
    if one is not None and two is not None and not same_system(one, two):
        return Difference("system", _of_systems(one, two, other), placed=False)
    if grid.transform is not None and other.transform is not None:
        found = _of_corners(grid.transform, other.transform, grid, other)
        if found is not None:
            return found
    if grid.shape_yx != other.shape_yx:
        placed = grid.transform is not None and other.transform is not None
        corner = ", from the same corner" if placed else ""
        (height, width), (h, w) = grid.shape_yx, other.shape_yx
        text = f"is {width} x {height} px and {other.name} is {w} x {h}{corner}"
        return Difference("size", text, placed)
    return None


def check_place(mask: Grid, image: Grid) -> None:
    """UserError unless the pixels of a mask lie on those of its image."""
    found = difference(mask, image)
    if found is not None:
        raise UserError(
            f"{mask.name}: {found.text}: a mask must lie on its image, pixel on pixel"
            + (", so warp it or cut it to the image" if found.kind != "size" else "")
        )


def same_system(one: str, two: str) -> bool:
    """Whether two WKTs name the same reference system on the ground.

    Two EPSG codes decide; without them equal definitions, whatever they are called and whatever
    they say of heights.
    """
    if one == two:
        return True
    first, second = parsed_system(one), parsed_system(two)
    if first is None or second is None:
        return False
    codes = first.to_epsg(), second.to_epsg()
    if first == second or None not in codes:
        return bool(first == second or codes[0] == codes[1])
    flat, other_flat = _on_the_ground(first), _on_the_ground(second)
    return bool(flat) and flat == other_flat


def parsed_system(wkt: str) -> CRS | None:
    """The reference system of a WKT; None if PROJ does not know what it means."""
    from rasterio._err import CPLE_BaseError
    from rasterio.crs import CRS
    from rasterio.errors import RasterioError

    try:
        return CRS.from_wkt(wkt)
    except (RasterioError, CPLE_BaseError):
        return None


def _on_the_ground(crs: CRS) -> dict[str, object]:
    return {key: value for key, value in crs.to_dict().items() if key not in _VERTICAL_KEYS}


def _of_systems(one: str, two: str, other: Grid) -> str:
    names = [_system_name(wkt) for wkt in (one, two)]
    if names[0] == names[1]:
        return f"is in another coordinate reference system than {other.name} ({names[0]})"
    return f"is in another coordinate reference system ({names[0]}) than {other.name} ({names[1]})"


def _system_name(wkt: str) -> str:
    if parsed_system(wkt) is None:
        return wkt.split('"')[1] if '"' in wkt else "unknown"
    return crs_name(wkt) or "unknown"


def between(one: Transform, other: Transform) -> Transform | None:
    """From pixels of one transform to pixels of another; None if the other has no area."""
    (matrix, corner), (target, target_corner) = _matrix(one), _matrix(other)
    try:
        turned = np.linalg.solve(target, matrix)
        x, y = np.linalg.solve(target, corner - target_corner)
    except np.linalg.LinAlgError:
        return None
    (a, b), (d, e) = turned.tolist()
    return a, b, float(x), d, e, float(y)


def is_straight(laid: Transform) -> bool:
    """Whether rows run along rows and columns along columns."""
    a, b, _, d, e, _ = laid
    return max(abs(b), abs(d)) <= _STRAIGHT * max(abs(a), abs(e))


def _matrix(transform: Transform) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b, c, d, e, f = transform
    return np.array([[a, b], [d, e]]), np.array([c, f])


def _of_corners(
    transform: Transform, other_transform: Transform, grid: Grid, other: Grid
) -> Difference | None:
    """None where the pixels lie on those of the other grid, from its first one on."""
    laid = between(transform, other_transform)
    if laid is None or not np.isfinite(laid).all():
        return Difference("pixels", f"cannot be laid on {other.name}: no area", placed=False)
    a, b, x, d, e, y = laid
    height, width = grid.shape_yx
    drift = max(abs(a - 1) * width, abs(d) * width, abs(b) * height, abs(e - 1) * height)
    if drift > TOLERANCE_PX:
        return Difference("pixels", _of_pixels(laid, other), placed=True)
    if max(abs(x), abs(y)) > TOLERANCE_PX:
        text = f"is shifted by {_px(x)} px in x and {_px(y)} px in y against {other.name}"
        return Difference("shift", text, placed=True)
    return None


def _px(distance: float) -> str:
    return f"{round(distance, 3) + 0.0:.10g}"  # never "-0"


def _of_pixels(laid: Transform, other: Grid) -> str:
    a, _, _, _, e, _ = laid
    if not is_straight(laid):
        return f"is rotated against {other.name}"
    if a < 0 or e < 0:
        return f"is mirrored against {other.name}"
    return f"has pixels of {a:.6g} x {e:.6g} pixels of {other.name}"
