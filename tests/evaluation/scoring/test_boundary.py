"""Boundary counts by blocks against all pairs of pixels of the whole picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.scoring.boundary import (
    Tolerance,
    boundary,
    boundary_counts,
    boundary_f1,
    halo_px,
)
from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.window import Window

IDS = np.array([1, 2, 4, 255], np.uint8)


def blobs(rng, height, width):
    small = IDS[rng.choice(4, (height // 4 + 1, width // 4 + 1), p=[0.4, 0.3, 0.2, 0.1])]
    return small.repeat(4, axis=0).repeat(4, axis=1)[:height, :width]


def edges_by_hand(labels):
    """{class: set of boundary pixels} by looking at each pixel's neighbours."""
    found = {}
    for (y, x), c in np.ndenumerate(labels):
        around = [
            labels[i, j]
            for i, j in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1))
            if 0 <= i < labels.shape[0] and 0 <= j < labels.shape[1]
        ]
        if c != 255 and any(n not in (c, 255) for n in around):
            found.setdefault(int(c), set()).add((y, x))
    return found


def counts_by_hand(truth, guess, tolerance_px):
    counts = np.zeros((4, 256))
    true, predicted = edges_by_hand(truth), edges_by_hand(guess)
    for row, own, others in ((0, predicted, true), (2, true, predicted)):
        for c, points in own.items():
            counts[row, c] = len(points)
            counts[row + 1, c] = sum(
                any((y - i) ** 2 + (x - j) ** 2 <= tolerance_px**2 for i, j in others.get(c, ()))
                for y, x in points
            )
    return counts


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 1000),
    st.integers(5, 25),
    st.integers(5, 25),
    st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.3]),
    st.integers(3, 12),
)
def test_blocks_with_a_halo_count_what_the_whole_picture_holds(seed, height, width, px, side):
    rng = np.random.default_rng(seed)
    truth, guess = blobs(rng, height, width), blobs(rng, height, width)
    total = np.zeros((4, 256))
    for block in blocks(truth.shape, side):
        around = block.expand(halo_px(px)).clip(truth.shape)
        cut = around.slices
        total += boundary_counts(truth[cut], guess[cut], block.relative_to(around), px)
    np.testing.assert_array_equal(total, counts_by_hand(truth, guess, px))


def test_f1_of_an_edge_that_is_two_pixels_off():
    truth = np.ones((10, 20), np.uint8)
    guess = truth.copy()
    truth[:, 10:], guess[:, 12:] = 2, 2
    whole = Window.of_shape(truth.shape)
    near, far = (boundary_f1(boundary_counts(truth, guess, whole, px)) for px in (2.0, 1.9))
    np.testing.assert_array_equal(near[1:3], [1, 1])
    np.testing.assert_array_equal(far[1:3], [0, 0])
    assert np.isnan(near[3])  # a class without a boundary on either side


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    counts = np.array([[10.0, 0], [5, 0], [20, 4], [20, 0]])
    np.testing.assert_allclose(boundary_f1(counts), [2 * 0.5 * 1 / 1.5, 0])


def test_neither_the_picture_s_edge_nor_no_class_is_a_boundary():
    labels = np.array([[1, 1, 255], [1, 1, 2], [1, 1, 2]], np.uint8)
    np.testing.assert_array_equal(boundary(labels), [[0, 0, 0], [0, 1, 1], [0, 1, 1]])


def test_tolerances_are_metres_or_pixels():
    assert Tolerance.parse("3m").px(0.5) == 6
    assert Tolerance.parse("5 px").px(0.5) == 5
    for text in ("3", "m", "-1m", "3 km"):
        with pytest.raises(UserError, match="3m or 5px"):
            Tolerance.parse(text)
