from __future__ import annotations

import dask.array as da
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.scene.picture.bands import Bands
from napari_uhrnet.scene.pyramids.in_memory import halve, halved
from tests.scene.pictures import noise, whole


def test_a_pixel_is_the_mean_of_four():
    pixels = np.arange(24, dtype=np.float32).reshape(4, 6, 1)
    means = halve(pixels, Bands.of(1))[..., 0]
    assert means.tolist() == [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]]


def test_odd_edges_are_means_of_what_is_there():
    pixels = np.array([[0, 2, 9], [4, 6, 7], [10, 20, 30]], np.uint8)[..., None]
    assert halve(pixels, Bands.of(1))[..., 0].tolist() == [[3, 8], [15, 30]]


def test_invalid_pixels_do_not_darken_their_neighbours():
    pixels = np.full((2, 6, 3), 100, np.uint8)
    pixels[0, 0] = 0
    pixels[:, 2] = 0
    pixels[:, 4] = pixels[0, 5] = 0
    shrunk = halve(pixels, Bands.of(3, nodata=0))
    assert shrunk[0, :, 0].tolist() == [100, 100, 0]


def test_alpha_is_full_where_half_is_valid_and_nothing_elsewhere():
    pixels = np.full((2, 4, 4), 100, np.uint8)
    pixels[..., 3] = [[255, 255, 0, 0], [255, 255, 255, 0]]
    bands = Bands.of(4, has_alpha=True)
    assert bands.valid(halve(pixels, bands)).tolist() == [[True, False]]


@given(st.integers(1, 3000), st.integers(1, 2500), st.integers(1, 700), st.integers(1, 700))
def test_levels_do_not_depend_on_the_chunks(height, width, rows, columns):
    height, width = min(height, 40 * rows), min(width, 40 * columns)
    pixels = noise((height, width, 1))
    lazily = halved(da.from_array(pixels, chunks=(rows, columns, 1)), Bands.of(1))
    assert np.array_equal(lazily.compute(), halve(pixels, Bands.of(1)))


def test_levels_end_when_the_last_one_is_small():
    scene = array_scene([noise((4100, 2000))], "a")
    assert scene.level_shapes == [(4100, 2000), (2050, 1000), (1025, 500), (513, 250)]
    assert array_scene([noise((1024, 1024))], "a").level_shapes == [(1024, 1024)]


def test_a_window_of_a_lazy_level_is_that_part_of_the_level():
    scene = array_scene([noise((2999, 2001, 3))], "a")
    window = Window(101, 333, 250, 501)
    assert np.array_equal(scene.read(window, 1)[0], whole(scene, 1)[0][window.slices])
