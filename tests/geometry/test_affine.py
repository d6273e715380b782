"""The inference grid: coinciding edges, nearest labels, windows that agree with the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import InferenceGrid, labels_to_level0, network_grid
from napari_uhrnet.geometry.window import Window

grids = st.builds(
    InferenceGrid,
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.floats(0.05, 4, allow_nan=False),
)


def test_shape_and_factor_of_a_deepglobe_image():
    grid = InferenceGrid((2448, 2448), 0.5 / 1.196)
    assert grid.shape_yx == (1023, 1023)
    assert grid.factor_yx == (2448 / 1023, 2448 / 1023)


@given(grid=grids)
def test_each_pixel_takes_the_inference_pixel_its_centre_lies_in(grid):
    for axis in (0, 1):
        n0, n = grid.level0_shape_yx[axis], grid.shape_yx[axis]
        index = grid.indices(axis, 0, n0)
        centre = (np.arange(n0) + 0.5) * n / n0
        assert (index >= 0).all() and (index < n).all()
        assert (np.abs(index + 0.5 - centre) <= 0.5 + 1e-9).all()


@given(grid=grids, data=st.data())
def test_labels_of_a_window_are_that_part_of_the_whole(grid, data):
    labels = np.random.default_rng(0).integers(0, 255, grid.shape_yx).astype(np.uint8)
    read = lambda w: labels[w.slices]  # noqa: E731
    h, w = grid.level0_shape_yx
    y, x = data.draw(st.integers(0, h - 1)), data.draw(st.integers(0, w - 1))
    window = Window(y, x, data.draw(st.integers(1, h - y)), data.draw(st.integers(1, w - x)))
    whole = labels_to_level0(read, grid, Window.of_shape((h, w)))
    np.testing.assert_array_equal(labels_to_level0(read, grid, window), whole[window.slices])


@given(grid=grids, data=st.data())
def test_to_level0_holds_every_pixel_that_takes_its_label_there(grid, data):
    h, w = grid.shape_yx
    y, x = data.draw(st.integers(0, h - 1)), data.draw(st.integers(0, w - 1))
    out = grid.to_level0(Window(y, x, 1, 1))
    rows = grid.indices(0, 0, grid.level0_shape_yx[0])
    taken = np.flatnonzero(rows == y)
    assert all(out.y <= r < out.bottom for r in taken)


@pytest.mark.parametrize("scale", [0, -1, 4.01])
def test_absurd_scales_are_refused_with_a_sentence(scale):
    with pytest.raises(UserError, match="check the pixel size"):
        InferenceGrid((10, 10), scale)


@pytest.mark.parametrize(("shape", "scale"), [((100_000, 90_000), 1e-6), ((300, 400), 1 / 300)])
def test_a_scene_of_which_nothing_would_be_left_is_refused(shape, scale):
    with pytest.raises(UserError, match="--pixel-size"):
        network_grid(shape, scale)


def test_small_scenes_and_very_fine_ones_have_a_grid():
    assert network_grid((2, 3), 1).shape_yx == (2, 3)
    assert network_grid((6000, 4000), 0.01 / 1.196).shape_yx == (50, 33)
