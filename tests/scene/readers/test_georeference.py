from __future__ import annotations

import math

import pytest
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
