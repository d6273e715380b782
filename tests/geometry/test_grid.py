"""Patch and frame grids: GLNet's numbers, coverage, overlap, neighbours, frames of patches."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.geometry.grid import PatchGrid, axis_starts, frame_grid, frame_of
from napari_uhrnet.geometry.window import Window

sizes = st.integers(8, 80)
lengths = st.integers(1, 700)


def test_glnets_grid_on_deepglobe():
    grid = PatchGrid((2448, 2448), 508, 50)
    assert (grid.rows, grid.columns) == (6, 6)
    assert grid.starts_yx[0] == (0, 388, 776, 1164, 1552, 1940)


def test_glnets_grid_on_inria():
    starts = axis_starts(5000, 508, 50)
    assert len(starts) == 11
    assert starts[1] == 449 and starts[2] == 898  # 449.2, 898.4


@given(length=lengths, size=sizes, data=st.data())
def test_starts_cover_with_the_overlap_and_no_window_more(length, size, data):
    overlap = data.draw(st.integers(0, size // 2))
    starts = axis_starts(length, size, overlap)
    assert starts[0] == 0
    if length <= size:
        assert starts == (0,)
        return
    assert starts[-1] + size == length
    strides = [b - a for a, b in itertools.pairwise(starts)]
    assert max(strides) - min(strides) <= 1
    # Even spacing is rounded to pixels, so a single stride may take half a pixel of the overlap.
    assert max(strides) <= size - overlap + 0.5
    assert (len(starts) - 2) * (size - overlap) + size < length  # one window less would not do


def test_a_scene_smaller_than_a_patch_is_one_patch_that_reaches_past_it():
    grid = PatchGrid((30, 100), 64, 8)
    assert (grid.rows, grid.columns) == (1, 2)
    assert grid.window((0, 1)) == Window(0, 36, 64, 64)


def test_a_length_one_pixel_over_a_patch_has_two():
    assert axis_starts(65, 64, 8) == (0, 1)


def test_neighbours_in_the_middle_at_the_edge_and_alone():
    grid = PatchGrid((200, 200), 64, 8)
    assert len(grid) > 9
    assert len(grid.neighbours((1, 1))) == 8
    assert grid.neighbours((0, 0)) == [(0, 1), (1, 0), (1, 1)]
    assert PatchGrid((10, 10), 64, 8).neighbours((0, 0)) == []


@given(
    shape=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    corner=st.tuples(st.integers(-20, 300), st.integers(-20, 300)),
    size=st.tuples(st.integers(0, 120), st.integers(0, 120)),
)
def test_cells_touching_is_what_a_look_at_every_cell_finds(shape, corner, size):
    grid = PatchGrid(shape, 48, 8)
    window = Window(*corner, *size)
    inside = window.clip(shape)
    expected = [c for c in grid.cells() if grid.window(c).intersect(inside)]
    assert grid.cells_touching(window) == expected


def test_a_scene_no_larger_than_a_frame_is_one_frame_of_its_own_size():
    frames = frame_grid((1023, 700), 1024, 288)
    assert len(frames) == 1
    assert frames.window((0, 0)) == Window(0, 0, 1023, 700)


@given(shape=st.tuples(st.integers(1, 900), st.integers(1, 900)))
def test_every_patch_lies_whole_in_its_frame_and_nowhere_deeper(shape):
    patches, frames = PatchGrid(shape, 48, 8), frame_grid(shape, 160, 48)
    for cell in patches.cells():
        patch = patches.window(cell).clip(shape)
        mine = frame_of(patch, frames)
        assert frames.window(mine).contains(patch)
        assert _depth(patch, frames.window(mine), shape) == max(
            _depth(patch, frames.window(f), shape) for f in frames.cells()
        )


def _depth(patch: Window, frame: Window, shape: tuple[int, int]) -> float:
    sides = [
        (patch.y - frame.y, frame.y == 0),
        (patch.x - frame.x, frame.x == 0),
        (frame.bottom - patch.bottom, frame.bottom == shape[0]),
        (frame.right - patch.right, frame.right == shape[1]),
    ]
    return min((d for d, scene_edge in sides if not scene_edge), default=float("inf"))


def test_an_overlap_as_large_as_the_window_is_refused():
    with pytest.raises(ValueError, match="overlap"):
        axis_starts(100, 10, 10)
