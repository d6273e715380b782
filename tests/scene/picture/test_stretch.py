from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.scene.picture.stretch import Stretch
from tests.scene.pictures import noise, whole, write_geotiff


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32", "float64", "int32", "int8"])
def test_2nd_and_98th_percentile_of_each_band_become_0_and_255(tmp_path, dtype):
    ramp = np.linspace(0, 100, 101 * 60).reshape(60, 101)
    pixels = np.stack([ramp, ramp + 20, ramp / 2], axis=2).astype(dtype)
    with open_scene(write_geotiff(tmp_path / "a.tif", pixels)) as scene:
        rgb = whole(scene)[0]
        low, high = np.percentile(pixels.reshape(-1, 3), [2, 98], axis=0)
        expected = np.clip(np.rint((pixels - low) * 255 / (high - low)), 0, 255)
        assert np.abs(rgb.astype(int) - expected).max() <= 1
        assert rgb.min() == 0 and rgb.max() == 255


@given(st.integers(0, 90), st.integers(0, 90), st.integers(1, 30), st.integers(1, 30))
def test_a_pixel_does_not_depend_on_the_window(y, x, height, width):
    scene = array_scene([noise((120, 120, 3), "uint16")], "a")
    window = Window(y, x, height, width)
    assert np.array_equal(scene.read(window, 0)[0], whole(scene)[0][window.slices])


def test_nodata_and_nan_are_left_out_and_invalid(tmp_path):
    pixels = noise((80, 90, 3), "float32")
    holes = pixels.copy()
    holes[:40] = -9999
    holes[40:50] = np.nan
    with open_scene(write_geotiff(tmp_path / "a.tif", holes, nodata=-9999)) as scene:
        low, high = np.percentile(pixels[50:].reshape(-1, 3), [2, 98], axis=0)
        assert np.allclose(scene.picture.stretch.low, low)
        assert np.allclose(scene.picture.stretch.high, high)
        valid = whole(scene)[1]
        assert not valid[:50].any() and valid[50:].all()


def test_opening_does_not_measure_it_and_the_settings_key_holds_it(tmp_path, monkeypatch):
    from napari_uhrnet.scene.picture import picture

    measured = []
    true = picture.measure_stretch
    monkeypatch.setattr(
        picture, "measure_stretch", lambda *args: (measured.append(1), true(*args))[1]
    )
    path = write_geotiff(tmp_path / "a.tif", noise((80, 90, 3), "uint16"))
    with open_scene(path) as scene:
        assert not measured
        whole(scene)
        assert str(scene.picture.stretch) in scene.settings_key
        scene.with_pixel_size(3.0).read(Window(0, 0, 4, 4), 0)
        assert len(measured) == 1


def test_a_flat_picture_and_one_without_valid_pixels_can_be_read():
    flat = array_scene([np.full((30, 30), 7, "uint16")], "flat")
    assert (whole(flat)[0] == 0).all()
    nothing = array_scene([np.full((30, 30), np.nan, "float32")], "nothing")
    assert (whole(nothing)[0] == 0).all() and not whole(nothing)[1].any()


def test_values_beyond_are_clipped():
    stretch = Stretch((10.0, 10.0, 10.0), (20.0, 20.0, 20.0))
    values = np.array([[[5, 15, 25]]], np.uint16)
    assert stretch.apply(values).tolist() == [[[0, 128, 255]]]


@pytest.mark.parametrize(("dtype", "fill"), [("int16", -32768), ("float32", -3.4e38)])
def test_a_fill_value_that_is_not_declared_is_no_brightness(dtype, fill):
    pixels = np.random.default_rng(0).integers(0, 3000, (100, 120, 3)).astype(dtype)
    pixels[:20] = fill
    with array_scene([pixels], "a") as filled, array_scene([pixels[20:]], "b") as clean:
        assert filled.picture.stretch == clean.picture.stretch
