"""The small maps of a report, pixel by pixel."""

from fractions import Fraction

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from napari_uhrnet.evaluation.comparison.blocks import Area
from napari_uhrnet.evaluation.comparison.compared_maps import ComparedMaps
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window
from tests.evaluation.labels import blobs, results

A, B, TRUTH = (blobs(60, 75, seed) for seed in (0, 1, 2))


@settings(max_examples=30)
@given(
    window=st.builds(
        Window, st.integers(0, 20), st.integers(0, 20), st.integers(1, 40), st.integers(1, 55)
    ),
    longest_px=st.integers(1, 80),
    block_px=st.sampled_from([1, 7, 32, 100]),
)
@example(window=Window(0, 0, 31, 41), longest_px=9, block_px=1)
def test_labels_are_sampled_and_differences_are_counted(window, longest_px, block_px):
    one, other, truth = results(A, B, TRUTH)
    maps = ComparedMaps(A.shape, window, longest_px)
    for place in Area(window).windows(block_px):
        maps.add(Area(window).read(one, other, truth, place))
    (height, width), (y0, x0) = maps.window.shape_yx, (maps.window.y, maps.window.x)
    assert max(height, width) <= longest_px + 1
    compared, differing = np.zeros((height, width)), np.zeros((height, width))
    rows = maps.grid.indices(0, window.y, window.bottom) - y0
    columns = maps.grid.indices(1, window.x, window.right) - x0
    for y, i in zip(range(window.y, window.bottom), rows, strict=True):
        for x, j in zip(range(window.x, window.right), columns, strict=True):
            if NOTHING not in (A[y, x], B[y, x]):
                compared[i, j] += 1
                differing[i, j] += A[y, x] != B[y, x]
    expected = np.where(compared > 0, differing / np.maximum(compared, 1), np.nan)
    np.testing.assert_array_equal(maps.differing, expected)
    for small, labels in ((maps.a, A), (maps.b, B), (maps.truth, TRUTH)):
        y, x = (
            # In fractions: a centre may lie exactly between two pixels.
            [min(max(int((k + o + Fraction(1, 2)) * f), low), high - 1) for k in range(n)]
            for n, o, f, low, high in zip(
                (height, width),
                (y0, x0),
                map(Fraction, A.shape, maps.grid.shape_yx),
                (window.y, window.x),
                (window.bottom, window.right),
                strict=True,
            )
        )
        np.testing.assert_array_equal(small, labels[np.ix_(y, x)])
