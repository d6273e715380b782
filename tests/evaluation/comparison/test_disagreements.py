"""Regions of disagreement against labelling the whole array."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from napari_uhrnet.evaluation.comparison.blocks import Area
from napari_uhrnet.evaluation.comparison.disagreements import Region, RegionFinder
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window
from tests.evaluation.labels import TABLE, blobs, results


def brute_force(a, b, window):
    """All regions of a window by scipy, one pair of classes after the other."""
    found = []
    part = np.zeros(a.shape, bool)
    part[window.slices] = True
    for i in np.unique(a):
        for j in np.unique(b):
            if i == j or NOTHING in (i, j):
                continue
            labels, count = ndimage.label((a == i) & (b == j) & part)
            for k, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
                y, x = np.nonzero(labels == k)
                box = Window.between(rows.start, columns.start, rows.stop, columns.stop)
                found.append(Region(int(i), int(j), len(y), box, (int(y[0]), int(x[0]))))
            assert count == 0 or k == count
    return sorted(found, key=lambda r: (-r.size_px, r.point_yx))


def by_blocks(a, b, window, block_px, **options):
    one, other = results(a, b)
    area = Area.of(a.shape, window)
    finder = RegionFinder(area.window, a.shape[1], **options)
    for place in area.windows(block_px):
        finder.add(area.read(one, other, None, place))
    return finder.regions()


@given(
    seed=st.integers(0, 1000),
    smooth_px=st.sampled_from([1, 2, 5]),
    block_px=st.sampled_from([1, 2, 3, 7, 16, 40]),
    window=st.builds(
        Window, st.integers(0, 5), st.integers(0, 5), st.integers(1, 20), st.integers(1, 25)
    ),
)
def test_regions_are_those_of_the_whole_array(seed, smooth_px, block_px, window):
    a, b = (blobs(25, 30, seed + k, smooth_px) for k in (0, 5000))
    expected = brute_force(a, b, window)
    found = by_blocks(a, b, window, block_px, keep=10_000)
    assert list(found.largest) == expected
    assert found.total == len(expected)
    assert found.total_px == sum(r.size_px for r in expected)


def test_a_spiral_through_many_blocks_is_one_region():
    snake = np.zeros((41, 41), np.uint8)
    snake[::2] = 1
    snake[1::4, -1] = snake[3::4, 0] = 1
    [region] = by_blocks(snake * 3, snake * 7, None, 4).largest
    assert region == Region(3, 7, int(snake.sum()), Window(0, 0, 41, 41), (0, 0))


def test_only_the_largest_are_kept_and_all_are_counted():
    a, b = blobs(60, 70, 1, 2), blobs(60, 70, 2, 2)
    every = by_blocks(a, b, None, 16, keep=10_000)
    few = by_blocks(a, b, None, 16, keep=12)
    assert few.largest == every.largest[:12] and len(every.largest) > 100
    assert (few.total, few.total_px) == (every.total, every.total_px)


def test_filter_by_pair_before_and_after():
    a, b = blobs(40, 50, 3), blobs(40, 50, 4)
    every = by_blocks(a, b, None, 16)
    only = by_blocks(a, b, None, 16, pairs=[(2, 7)])
    assert only.largest == every.of(2, 7) and len(only.largest) > 2
    assert {r.a for r in every.of(b=7)} == {0, 2, 3}
    assert every.of() == every.largest


def test_class_0_and_equal_labels():
    a = np.array([[0, 0, 2, 2]], np.uint8)
    b = np.array([[2, 2, 2, 0]], np.uint8)
    found = by_blocks(a, b, None, 3)
    assert [(r.a, r.b, r.size_px) for r in found.largest] == [(0, 2, 2), (2, 0, 1)]


def test_pixels_without_a_class_are_in_no_region():
    a = np.full((5, 5), NOTHING, np.uint8)
    assert by_blocks(a, np.full((5, 5), 3, np.uint8), None, 2).total == 0


@pytest.mark.parametrize("block_px", [8, 64])
def test_open_regions_do_not_pile_up(block_px):
    a, b = (np.random.default_rng(k).choice(TABLE.ids, (300, 40)) for k in (0, 1))
    one, other = results(a, b)
    area = Area.of(a.shape)
    finder, most = RegionFinder(area.window, 40, keep=5), 0
    for place in area.windows(block_px):
        finder.add(area.read(one, other, None, place))
        most = max(most, len(finder._open))
    assert most <= 40 + block_px and len(finder._kept) == 5
    assert finder.regions().total > 3000
