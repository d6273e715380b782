"""Finished rectangles: a partition of the scene, each with a fixed set of patches."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.geometry.rectangles import RectangleGrid
from napari_uhrnet.geometry.window import Window

shapes = st.tuples(st.integers(1, 260), st.integers(1, 260))


def _all(grid: RectangleGrid):
    return [(i, j) for i in range(grid.shape[0]) for j in range(grid.shape[1])]


@given(shape=shapes)
def test_rectangles_are_the_scene_without_overlap(shape):
    grid = RectangleGrid(PatchGrid(shape, 48, 8))
    count = np.zeros(shape, int)
    for cell in _all(grid):
        count[grid.window(cell).slices] += 1
    assert (count == 1).all()


@given(shape=shapes)
def test_each_pixel_of_a_rectangle_lies_in_exactly_its_patches(shape):
    patches = PatchGrid(shape, 48, 20)
    grid = RectangleGrid(patches)
    for cell in _all(grid):
        rows, columns = grid.patches_of(cell)
        mine = {(r, c) for r in rows for c in columns}
        window = grid.window(cell)
        for p in patches.cells():
            place = patches.window(p)
            assert place.contains(window) == (p in mine)
            assert bool(place.intersect(window)) == (p in mine)


@given(
    shape=shapes,
    corner=st.tuples(st.integers(-9, 260), st.integers(-9, 260)),
    size=st.tuples(st.integers(0, 99), st.integers(0, 99)),
)
def test_cells_touching_is_what_a_look_at_every_rectangle_finds(shape, corner, size):
    grid = RectangleGrid(PatchGrid(shape, 48, 8))
    window = Window(*corner, *size)
    inside = window.clip(shape)
    expected = [c for c in _all(grid) if grid.window(c).intersect(inside)]
    assert grid.cells_touching(window) == expected
