"""Labels made of two pyramids, read by windows, against the same of whole arrays."""

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.compare.curtain import DIVIDER_PX, Curtain, disagreement

SHAPE = (40, 61)
LINE = 200


def pyramid(seed):
    """Two levels of uint8 labels; a tenth is nothing."""
    rng = np.random.default_rng(seed)
    whole = rng.choice([1, 2, 3, NOTHING], SHAPE, p=[0.3, 0.3, 0.3, 0.1]).astype(np.uint8)
    levels = []
    for level in (whole, whole[::2, ::2]):
        chunked = zarr.create_array({}, shape=level.shape, chunks=(16, 16), dtype=np.uint8)
        chunked[:] = level
        levels.append(chunked)
    return levels


A, B = pyramid(0), pyramid(1)
WHOLE_A, WHOLE_B = ([np.asarray(level) for level in p] for p in (A, B))


def ranges(stop):
    """Slices as napari asks for them, also beyond the end and of nothing."""
    return st.tuples(st.integers(0, stop + 5), st.integers(0, stop + 5)).map(
        lambda ends: slice(min(ends), max(ends))
    )


KEYS = st.tuples(ranges(SHAPE[0]), ranges(SHAPE[1]))


def curtain_of(level, column):
    """A left and B right of a column of that level, with the line between them."""
    a, b = WHOLE_A[level], WHOLE_B[level]
    both = np.where(np.arange(a.shape[1]) < column, a, b)
    both[:, max(0, column - DIVIDER_PX // 2) : column + DIVIDER_PX - DIVIDER_PX // 2] = LINE
    return both


@given(key=KEYS)
def test_disagreement_of_any_window(key):
    for level, combined in enumerate(disagreement(A, B)):
        a, b = WHOLE_A[level], WHOLE_B[level]
        expected = np.where(a == b, 0, 1)
        expected[(a == NOTHING) | (b == NOTHING)] = NOTHING
        found = combined[key]
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, expected[key])


@given(key=KEYS, column=st.integers(0, SHAPE[1]))
def test_curtain_of_any_window_and_column(key, column):
    curtain = Curtain(A, B, LINE)
    curtain.column_px = column
    for level, combined in enumerate(curtain.levels):
        width = WHOLE_A[level].shape[1]
        expected = curtain_of(level, column * width // SHAPE[1])
        np.testing.assert_array_equal(combined[key], expected[key])


def test_the_curtain_begins_in_the_middle_and_follows_the_column():
    curtain = Curtain(A, B, LINE)
    assert (curtain.width_px, curtain.column_px) == (61, 30)
    first = curtain.levels[0]
    np.testing.assert_array_equal(np.asarray(first), curtain_of(0, 30))
    curtain.column_px = 7
    np.testing.assert_array_equal(np.asarray(first), curtain_of(0, 7))
    np.testing.assert_array_equal(first[0:40, 20:61], WHOLE_B[0][:, 20:])


@pytest.mark.parametrize("levels", [disagreement(A, B), Curtain(A, B, LINE).levels])
def test_levels_are_arrays_as_napari_asks_for_them(levels):
    for level, whole in zip(levels, WHOLE_A, strict=True):
        assert level.shape == whole.shape
        assert (level.dtype, level.ndim, level.size) == (np.uint8, 2, whole.size)
        assert len(level) == whole.shape[0]
        assert level.chunks == (16, 16)
        assert np.asarray(level).shape == whole.shape


def test_what_is_written_later_is_seen():
    a, b = pyramid(2), pyramid(2)
    (differs, _), curtain = disagreement(a, b), Curtain(a, b, LINE)
    assert not (np.asarray(differs) == 1).any()
    a[0][3, 50:52] = 1
    b[0][3, 50:52] = 9, NOTHING
    assert differs[3:4, 50:52].tolist() == [[1, NOTHING]]
    assert curtain.levels[0][3:4, 50:52].tolist() == [[9, NOTHING]]


def test_pyramids_of_unlike_depth_are_a_mistake():
    with pytest.raises(ValueError, match="zip"):
        disagreement(A, B[:1])


def test_swapped_each_shows_on_the_other_side():
    curtain = Curtain(A, B, LINE)
    curtain.is_swapped = True
    there = Curtain(B, A, LINE)
    for swapped, other in zip(curtain.levels, there.levels, strict=True):
        np.testing.assert_array_equal(np.asarray(swapped), np.asarray(other))


def test_arrays_in_memory_have_chunks_for_napari():
    levels = Curtain(WHOLE_A, WHOLE_B, LINE).levels
    assert [level.chunks for level in levels] == [(512, 512)] * 2
