from __future__ import annotations

import math

import numpy as np
import pytest
import rasterio
import tifffile
from PIL import Image
from rasterio.crs import CRS

from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.scene.readers.georeference import crs_name, pixel_size_m
from tests.scene.pictures import noise, write_geotiff


def test_a_projected_crs_is_taken_at_its_word(tmp_path):
    path = write_geotiff(tmp_path / "a.tif", noise((20, 30, 3)), "EPSG:32633")
    with open_scene(path) as scene:
        assert scene.pixel_size_m == 0.5
        assert scene.transform == (0.5, 0.0, 500_000.0, 0.0, -0.5, 5_000_000.0)
        assert CRS.from_wkt(scene.crs).to_epsg() == 32633


def test_feet_become_metres():
    transform = (1.0, 0.0, 2_000_000.0, 0.0, -1.0, 500_000.0)
    size_m = pixel_size_m(CRS.from_epsg(2225), transform, (100, 100))
    assert size_m == pytest.approx(0.3048006, rel=1e-6)


@pytest.mark.parametrize("latitude", [0.0, 45.0, -60.0])
def test_degrees_become_metres_at_the_centre(latitude):
    degrees = 1e-5
    transform = (degrees, 0.0, 10.0, 0.0, -degrees, latitude)
    size_m = pixel_size_m(CRS.from_epsg(4326), transform, (2, 2))
    sphere_m = 111_195 * degrees * math.sqrt(math.cos(math.radians(latitude)))
    assert size_m == pytest.approx(sphere_m, rel=0.01)


def test_web_mercator_is_measured_on_the_ground():
    y = 6_378_137 * math.log(math.tan(math.pi / 4 + math.radians(60) / 2))
    size_m = pixel_size_m(CRS.from_epsg(3857), (1.0, 0.0, 0.0, 0.0, -1.0, y), (2, 2))
    assert size_m == pytest.approx(0.5, rel=0.01)


def test_a_degree_pixel_at_the_date_line_is_no_larger():
    transform = (0.01, 0.0, 179.995, 0.0, -0.01, 0.0)
    assert pixel_size_m(CRS.from_epsg(4326), transform, (1, 1)) == pytest.approx(1110, rel=0.01)


def test_rotated_pixels_keep_their_area():
    c, s = math.cos(0.3), math.sin(0.3)
    transform = (2 * c, 2 * s, 5e5, 2 * s, -2 * c, 5e6)
    assert pixel_size_m(CRS.from_epsg(32633), transform, (9, 9)) == pytest.approx(2)


@pytest.mark.parametrize(
    ("lines", "size_m"),
    [([0.25, 0, 0, -0.25, 500_000, 5_000_000], 0.25), ([0.001, 0, 0, -0.001, 13.0, 52.0], None)],
)
def test_world_files(tmp_path, lines, size_m):
    Image.fromarray(noise((20, 30, 3))).save(tmp_path / "a.png")
    (tmp_path / "a.pgw").write_text("\n".join(map(str, lines)))
    with open_scene(tmp_path / "a.png") as scene:
        assert scene.pixel_size_m == size_m
        assert scene.crs is None
        assert scene.transform[:2] == (lines[0], 0.0)


def test_dots_per_inch_are_no_pixel_size(tmp_path):
    Image.fromarray(noise((20, 30, 3))).save(tmp_path / "a.tif", dpi=(300, 300))
    with open_scene(tmp_path / "a.tif") as scene:
        assert (scene.pixel_size_m, scene.crs, scene.transform) == (None, None, None)


def test_short_names():
    assert crs_name(CRS.from_epsg(32633).to_wkt()) == "EPSG:32633"
    assert crs_name(None) is None
    own = CRS.from_proj4("+proj=laea +lat_0=12 +lon_0=34 +ellps=GRS80 +units=m")
    assert crs_name(own.to_wkt())


def by_points(path, points, crs="EPSG:32633", shape=(120, 160)):
    from rasterio.control import GroundControlPoint
    from rasterio.crs import CRS

    profile = {"driver": "GTiff", "height": shape[0], "width": shape[1], "count": 3}
    with rasterio.open(path, "w", **profile, dtype="uint8") as file:
        listed = [GroundControlPoint(row, column, x, y) for row, column, x, y in points]
        file.gcps = (listed, CRS.from_string(crs))
        file.write(np.zeros((3, *shape), np.uint8))
    return path


CORNERS = [(r, c, 500_000 + c * 0.5, 4e6 - r * 0.5) for r in (0, 120) for c in (0, 160)]


def test_ground_control_points_give_an_approximate_place(tmp_path):
    with open_scene(by_points(tmp_path / "a.tif", CORNERS)) as scene:
        assert scene.pixel_size_m == pytest.approx(0.5)
        assert scene.transform == pytest.approx((0.5, 0, 500_000, 0, -0.5, 4e6))
        assert crs_name(scene.crs) == "EPSG:32633"
        assert "4 ground control points" in scene.notes[0]


def test_points_that_no_affine_transform_fits_give_the_pixel_size_only(tmp_path):
    bent = [*CORNERS[:3], (120, 160, 500_080 + 20, 4e6 - 60)]
    with open_scene(by_points(tmp_path / "a.tif", bent)) as scene:
        assert scene.transform is None
        assert scene.crs is None
        assert scene.pixel_size_m == pytest.approx(0.5, rel=0.1)
        assert "pixel size only" in scene.notes[0]
    with open_scene(by_points(tmp_path / "b.tif", CORNERS[:2])) as scene:
        assert scene.pixel_size_m is None
        assert "lie on a line" in scene.notes[0]


@pytest.mark.parametrize(("unit", "metres"), [('"metre",1', 0.2), ('"foot",0.3048', 0.06096)])
def test_a_local_reference_system_names_its_unit(tmp_path, unit, metres):
    wkt = f'LOCAL_CS["here",LOCAL_DATUM["here",0],UNIT[{unit}]]'
    path = write_geotiff(tmp_path / "a.tif", np.zeros((60, 80, 3), "uint8"), crs=wkt, pixel=0.2)
    with open_scene(path) as scene:
        assert scene.pixel_size_m == pytest.approx(metres)
        assert "here" in scene.crs


@pytest.mark.parametrize("origin", [(0, 300), (500_000, 4e6)])
def test_degrees_that_are_none_have_no_pixel_size(tmp_path, origin):
    pixels = np.zeros((300, 160, 3), "uint8")
    path = write_geotiff(tmp_path / "a.tif", pixels, crs="EPSG:4326", origin=origin, pixel=1)
    with open_scene(path) as scene:
        assert scene.pixel_size_m is None
        assert crs_name(scene.crs) == "EPSG:4326"
        assert "its coordinates are none" in scene.notes[0]


def test_degrees_so_large_that_nobody_sees_anything(tmp_path):
    pixels = np.zeros((60, 80, 3), "uint8")
    path = write_geotiff(tmp_path / "a.tif", pixels, crs="EPSG:4326", origin=(0, 60), pixel=1)
    with open_scene(path) as scene:
        assert scene.pixel_size_m is None
        assert "counts as unknown" in scene.notes[0]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_transform_that_is_not_possible(tmp_path, value):
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path,
        np.zeros((60, 80, 3), "uint8"),
        photometric="rgb",
        extratags=[
            (33550, "d", 3, (value, value, 0.0), False),
            (33922, "d", 6, (0.0, 0.0, 0.0, 5e5, 4e6, 0.0), False),
        ],
    )
    with open_scene(path) as scene:
        assert scene.pixel_size_m is None
        assert scene.transform is None
