from __future__ import annotations

import shutil

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.scene.picture.fingerprint import sample_windows
from tests.scene.pictures import noise, write_geotiff


def test_the_same_picture_elsewhere_and_stored_otherwise(tmp_path):
    pixels = noise((300, 400, 3))
    path = write_geotiff(tmp_path / "a.tif", pixels, "EPSG:32633")
    tiled = write_geotiff(tmp_path / "b.tif", pixels, "EPSG:32633", tiled=True, compress="lzw")
    (tmp_path / "folder").mkdir()
    copy = shutil.copy(path, tmp_path / "folder" / "c.tif")
    with open_scene(path) as a, open_scene(tiled) as b, open_scene(copy) as c:
        assert a.fingerprint == b.fingerprint == c.fingerprint
        assert int(a.fingerprint, 16) >= 0


def test_pixels_shape_type_and_place_make_a_difference(tmp_path):
    pixels = noise((300, 400, 3))
    other = pixels.copy()
    other[0, 0, 0] ^= 1
    scenes = [
        array_scene([pixels], "a"),
        array_scene([other], "a"),
        array_scene([pixels.reshape(400, 300, 3)], "a"),
        array_scene([pixels.view(np.int8)], "a"),
        array_scene([pixels], "a", transform=(1.0, 0.0, 5.0, 0.0, -1.0, 6.0)),
        array_scene([pixels], "a", crs="somewhere"),
    ]
    assert len({scene.fingerprint for scene in scenes}) == len(scenes)
    assert array_scene([pixels], "another name", 0.5).fingerprint == scenes[0].fingerprint


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(2, 6), st.integers(1, 300))
def test_samples_lie_inside_are_few_and_reach_the_corners(height, width, per_axis, size_px):
    windows = list(sample_windows((height, width), per_axis, size_px))
    picture = Window(0, 0, height, width)
    assert all(picture.contains(w) and w for w in windows)
    assert sum(w.area_px for w in windows) <= (per_axis * size_px) ** 2
    assert windows[0].y == windows[0].x == 0
    assert (windows[-1].bottom, windows[-1].right) == (height, width)
