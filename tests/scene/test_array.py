from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from tests.scene.pictures import noise, whole


@pytest.mark.parametrize("kind", ["numpy", "dask", "zarr"])
@pytest.mark.parametrize("shape", [(60, 70), (60, 70, 1), (60, 70, 3)])
def test_arrays_of_any_kind(kind, shape):
    pixels = noise(shape)
    array = pixels
    if kind == "dask":
        array = da.from_array(pixels, chunks=(20, 30, *shape[2:]))
    if kind == "zarr":
        array = zarr.create_array({}, data=pixels, chunks=(20, 30, *shape[2:]))
    scene = array_scene([array], "layer", pixel_size_m=0.5)
    expected = np.broadcast_to(pixels if pixels.ndim == 3 else pixels[..., None], (60, 70, 3))
    assert np.array_equal(whole(scene)[0], expected)
    assert scene.levels[0].shape == (60, 70, shape[2] if len(shape) == 3 else 1)
    assert (scene.pixel_size_m, scene.path, scene.name) == (0.5, None, "layer")


def test_the_fourth_band_is_alpha():
    pixels = noise((60, 70, 4))
    pixels[10:20, :, 3] = 0
    assert np.array_equal(whole(array_scene([pixels], "a"))[1], pixels[..., 3] > 0)


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4, 5), (0, 5, 3)])
def test_other_arrays_are_refused(shape):
    with pytest.raises(UserError, match="layer: a scene is a picture"):
        array_scene([np.zeros(shape, np.uint8)], "layer")


def test_nothing_is_computed_before_it_is_read():
    read = []

    def block(block_info=None):
        read.append(block_info[None]["chunk-location"])
        return np.zeros((1000, 1000, 3), np.uint8)

    chunks = ((1000,) * 40, (1000,) * 40, (3,))
    array = da.map_blocks(block, chunks=chunks, dtype=np.uint8, meta=np.empty((0, 0, 0), np.uint8))
    scene = array_scene([array], "large")
    assert max(scene.level_shapes[-1]) <= 1024
    assert not read
    scene.read(Window(900, 100, 200, 100), 0)
    assert sorted(read) == [(0, 0, 0), (1, 0, 0)]


DTYPES = ["uint8", "uint16", "int16", "float32", "bool"]


@given(st.data())
def test_any_window_is_that_part_of_the_whole(data):
    dtype = data.draw(st.sampled_from(DTYPES))
    height, width = data.draw(st.integers(1, 90)), data.draw(st.integers(1, 90))
    bands = data.draw(st.integers(1, 5))
    pixels = noise((height, width, bands), dtype, seed=bands)
    chunks = data.draw(st.integers(1, 100)), data.draw(st.integers(1, 100)), bands
    scene = array_scene([da.from_array(pixels, chunks=chunks)], "a")
    y, x = data.draw(st.integers(0, height)), data.draw(st.integers(0, width))
    window = Window(
        y, x, data.draw(st.integers(0, height - y)), data.draw(st.integers(0, width - x))
    )
    for got, expected in zip(scene.read(window, 0), whole(scene), strict=True):
        assert got.shape[:2] == window.shape_yx
        assert np.array_equal(got, expected[window.slices])
