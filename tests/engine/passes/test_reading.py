"""Scenes at the network's scale: the level is chosen well, a pixel never depends on the window."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from napari_uhrnet.engine.passes.reading import best_level, mirrored, read_inference
from napari_uhrnet.geometry.affine import InferenceGrid
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from tests.engine.scenes import picture


def _pyramid(height, width):
    image = picture(height, width)
    levels = [image]
    while min(levels[-1].shape[:2]) > 60:
        h, w = (n // 2 * 2 for n in levels[-1].shape[:2])
        even = levels[-1][:h, :w].astype(float)
        levels.append(even.reshape(h // 2, 2, w // 2, 2, 3).mean((1, 3)).astype(np.uint8))
    return array_scene(levels, "pyramid", pixel_size_m=1.0)


def test_the_coarsest_level_that_is_as_fine_is_read():
    scene = _pyramid(400, 480)
    assert scene.level_shapes == [(400, 480), (200, 240), (100, 120), (50, 60)]
    for scale, level in ((2.0, 0), (1.0, 0), (0.51, 0), (0.5, 1), (0.3, 1), (0.25, 2), (0.01, 3)):
        assert best_level(scene, InferenceGrid(scene.shape_yx, scale)) == level, scale


def test_at_the_scale_of_a_level_pixels_pass_unchanged():
    scene = _pyramid(400, 480)
    for scale, level in ((1.0, 0), (0.5, 1)):
        grid = InferenceGrid(scene.shape_yx, scale)
        window = Window(7, 11, 60, 70)
        pixels, valid = read_inference(scene, grid, window)
        np.testing.assert_array_equal(pixels, scene.read(window, level)[0])
        assert valid.all()


@settings(max_examples=60)
@given(scale=st.floats(0.1, 3.0), data=st.data())
def test_a_window_is_that_part_of_the_whole(scale, data):
    scene = _pyramid(130, 170)
    grid = InferenceGrid(scene.shape_yx, scale)
    whole, _ = read_inference(scene, grid, Window.of_shape(grid.shape_yx))
    y, x = (data.draw(st.integers(0, n - 1)) for n in grid.shape_yx)
    h = data.draw(st.integers(1, grid.shape_yx[0] - y))
    w = data.draw(st.integers(1, grid.shape_yx[1] - x))
    part, _ = read_inference(scene, grid, Window(y, x, h, w))
    np.testing.assert_array_equal(part, whole[y : y + h, x : x + w])


@given(
    arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=9)),
)
def test_pixels_without_data_come_from_the_nearest_data(valid):
    """Every pixel is different; one with data stays, another shows one with data instead."""
    pixels = np.zeros((*valid.shape, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = np.indices(valid.shape)
    shown = mirrored(pixels, valid)
    assert np.array_equal(shown[valid], pixels[valid])
    if not valid.any():
        assert np.array_equal(shown, pixels)
        return
    there = np.argwhere(valid)
    for y, x in np.argwhere(~valid):
        source = shown[y, x, :2].astype(int)
        assert valid[tuple(source)]
        far = np.hypot(*(there - (y, x)).T)
        nearest = there[np.isclose(far, far.min())]
        possible = [(2 * n - (y, x)).tolist() for n in nearest] + nearest.tolist()
        assert source.tolist() in possible


def test_a_straight_end_of_the_data_is_mirrored_as_the_end_of_a_scene():
    image = picture(40, 60)
    valid = np.zeros((40, 60), bool)
    valid[:, 25:] = True
    expected = np.pad(image[:, 25:], ((0, 0), (25, 0), (0, 0)), mode="reflect")
    assert np.array_equal(mirrored(image, valid), expected)


def test_where_the_mirror_shows_nothing_the_nearest_pixel_is_seen():
    image = picture(5, 40)
    valid = np.zeros((5, 40), bool)
    valid[:, 10:13] = True
    shown = mirrored(image, valid)
    assert np.array_equal(shown[:, 13:15], image[:, [11, 10]])
    assert np.array_equal(shown[:, 20], image[:, 12])
