"""Polygons against asking every pixel alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.measure import points_in_poly

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.polygon import Polygon
from napari_uhrnet.geometry.window import Window

WHOLE = Window(0, 0, 40, 50)
# Off the pixel grid by two irrational parts, so that no line between them hits a centre.
vertices = st.lists(
    st.tuples(
        st.integers(-10, 60).map(lambda v: v + 2**0.5),
        st.integers(-10, 60).map(lambda v: v + 3**0.5),
    ),
    min_size=3,
    max_size=9,
)
windows = st.builds(Window, *(st.integers(0, 19) for _ in range(2)), *(st.integers(1, 20),) * 2)


@given(vertices)
def test_pixels_are_those_whose_centres_are_inside(points):
    y, x = np.mgrid[0:40, 0:50]
    expected = points_in_poly(np.stack([y.ravel(), x.ravel()], 1), np.array(points))
    np.testing.assert_array_equal(Polygon(points).inside(WHOLE).ravel(), expected)


@given(st.lists(st.tuples(*(st.integers(-5, 45).map(float),) * 2), min_size=3, max_size=8), windows)
def test_a_window_is_that_part_of_the_whole(points, window):
    polygon = Polygon(points)
    np.testing.assert_array_equal(polygon.inside(window), polygon.inside(WHOLE)[window.slices])


@given(vertices)
def test_window_holds_all_pixels(points):
    polygon = Polygon(points)
    inside = polygon.inside(WHOLE)
    kept = np.zeros_like(inside)
    kept[polygon.window.clip(WHOLE.shape_yx).slices] = True
    assert not (inside & ~kept).any()


def test_neighbours_share_no_pixel_and_leave_none_out():
    left = Polygon([(0, 0), (0, 20), (30, 10), (30, 0)])
    right = Polygon([(0, 20), (0, 40), (30, 40), (30, 10)])
    both = left.inside(WHOLE).astype(int) + right.inside(WHOLE)
    assert (both[:30, :40] == 1).all() and both[30:].sum() == both[:, 40:].sum() == 0


@pytest.mark.parametrize("points", [[], [(0, 0), (1, 1)], [(0, 0, 0)] * 3, [(0, np.nan)] * 3])
def test_what_is_no_polygon(points):
    with pytest.raises(UserError):
        Polygon(points)
