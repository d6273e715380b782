"""Whether the pixels of two files lie on each other, and the sentence that says how not."""

import pytest
from rasterio.crs import CRS

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.picture.picture import Georeference
from napari_uhrnet.scene.places import Grid, between, check_place, difference, same_system

HERE = (0.5, 0.0, 500_000.0, 0.0, -0.5, 4_000_000.0)
UTM33, UTM32 = (CRS.from_epsg(code).to_wkt() for code in (32633, 32632))


def grid(transform=HERE, crs=UTM33, shape_yx=(120, 160), name="a.tif"):
    return Grid(name, shape_yx, Georeference(crs, transform))


def moved(x_px=0.0, y_px=0.0, scale=1.0):
    a, b, c, d, e, f = HERE
    return (a * scale, b, c + a * x_px, d, e * scale, f + e * y_px)


@pytest.mark.parametrize(
    "other",
    [
        grid(),
        grid(transform=moved(0.1, -0.2)),
        grid(crs=None),
        grid(transform=None),
        grid(transform=None, crs=None),
        grid(crs=CRS.from_string("+proj=utm +zone=33 +datum=WGS84 +units=m").to_wkt()),
        grid(transform=moved(scale=1 + 1e-9)),
    ],
)
def test_the_same_pixels(other):
    assert difference(other, grid()) is None
    assert difference(grid(), other) is None


@pytest.mark.parametrize(
    ("other", "kind", "placed", "words"),
    [
        (grid(crs=UTM32), "system", False, r"\(EPSG:32632\) than a\.tif \(EPSG:32633\)"),
        (grid(crs=UTM32, transform=None), "system", False, "EPSG:32632"),
        (grid(transform=moved(20)), "shift", True, "20 px in x and 0 px in y against a.tif"),
        (grid(transform=moved(0, -0.5)), "shift", True, "0 px in x and -0.5 px in y"),
        (grid(transform=moved(scale=2)), "pixels", True, "pixels of 2 x 2 pixels of a.tif"),
        (grid(transform=moved(scale=1.01)), "pixels", True, "pixels of 1.01 x 1.01"),
        (grid(transform=(0.5, 0.1, 5e5, 0.1, -0.5, 4e6)), "pixels", True, "is rotated against"),
        (grid(transform=(0.5, 0, 5e5, 0, 0.5, 4e6)), "pixels", True, "is mirrored against"),
        (grid(shape_yx=(119, 160)), "size", True, "160 x 119 px and a.tif is 160 x 120, from the"),
        (grid(transform=None, shape_yx=(119, 160)), "size", False, "and a.tif is 160 x 120$"),
    ],
)
def test_how_they_differ(other, kind, placed, words):
    found = difference(other, grid())
    assert (found.kind, found.placed) == (kind, placed)
    with pytest.raises(UserError, match=words.rstrip("$")):
        check_place(other, grid())


def test_pixels_without_an_area_lie_on_nothing():
    found = difference(grid(), grid(transform=(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)))
    assert (found.kind, found.placed) == ("pixels", False)


def test_pixels_of_one_grid_in_another():
    assert between(moved(10, 20, 2), HERE) == pytest.approx((2, 0, 10, 0, 2, 20))


def test_reference_systems_by_code_else_by_definition():
    high = CRS.from_string("EPSG:32633+5773").to_wkt()
    assert same_system(high, UTM33)
    assert not same_system(CRS.from_epsg(25833).to_wkt(), UTM33)
    assert not same_system(CRS.from_epsg(28355).to_wkt(), CRS.from_epsg(7855).to_wkt())
    assert same_system("no reference system", "no reference system")
    assert not same_system("no reference system", UTM33)
