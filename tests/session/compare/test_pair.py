"""Two results read into memory to be looked at by turns."""

import numpy as np
import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.comparison import blocks
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.polygon import Polygon
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.compare import pair
from napari_uhrnet.session.compare.comparer import Comparer
from napari_uhrnet.session.compare.pair import pair_job
from napari_uhrnet.session.runner import SyncRunner
from tests.session.compared import SHAPE, TABLE, A, B, labels, wanted

WHOLE = Window.of_shape(SHAPE)
POLYGON = Polygon([(-20.5, 300.2), (600.7, 1400.1), (1050.3, 900.9), (700, 80)])


@pytest.mark.parametrize("block_px", [1024, 100])
@pytest.mark.parametrize(("most_px", "step"), [(1 << 26, 1), (400_000, 2), (10_000, 12)])
@pytest.mark.parametrize("polygon", [None, POLYGON])
@pytest.mark.parametrize("window", [None, Window(33, 71, 1050, 1201)])
def test_each_so_many_th_pixel_of_the_area(monkeypatch, block_px, most_px, step, polygon, window):
    monkeypatch.setattr(blocks, "BLOCK_PX", block_px)
    monkeypatch.setattr(pair, "MOST_PX", most_px)
    *shares, found = pair_job(wanted(window=window, polygon=polygon))
    inside = np.ones(SHAPE, bool) if polygon is None else polygon.inside(WHOLE)
    place = window or WHOLE
    if polygon is not None:
        place = place.intersect(polygon.window)
    assert (found.window, found.step, found.titles) == (place, step, ("A", "B"))
    for kept, whole in ((found.a, A), (found.b, B)):
        expected = np.where(inside, whole, NOTHING)[place.slices][::step, ::step]
        np.testing.assert_array_equal(kept, expected)
        assert kept.size < most_px * 1.05
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_pyramids_get_small():
    *_, found = pair_job(wanted())
    for levels, whole in zip(found.levels, (A, B), strict=True):
        assert max(levels[-1].shape) <= pair.COARSEST_PX < max(levels[0].shape)
        for k, level in enumerate(levels):
            np.testing.assert_array_equal(level, whole[:: 2**k, :: 2**k])
            # No copy: only the finest one takes memory.
            assert np.shares_memory(level, levels[0])


def test_unlike_sizes_are_a_sentence():
    with pytest.raises(UserError, match="B: is not of the size of A"):
        list(pair_job(wanted(b=labels(1, (1100, 1299)))))


def test_the_comparer_hands_it_on_and_keeps_what_was_compared():
    comparer, read = Comparer(SyncRunner()), []
    comparer.read.connect(read.append)
    comparer.compare(wanted())
    before = comparer.compared
    comparer.read_pair(wanted(B, A))
    (found,) = read
    np.testing.assert_array_equal(found.a, B)
    assert found.classes is TABLE
    assert comparer.compared is before
    assert not comparer.status.busy


def test_what_is_by_now_is_read_after_everything_else():
    runner = SyncRunner(stepwise=True)
    comparer, read, again = Comparer(runner), [], []
    comparer.read.connect(read.append)
    comparer.read_again.connect(again.append)
    assert not comparer.follow_pair()
    growing = np.full(SHAPE, NOTHING, np.uint8)
    comparer.read_pair(wanted(growing, B))
    assert not comparer.follow_pair()
    runner.drain()
    (first,) = read
    growing[:] = A
    comparer.highlight((1, 4), WHOLE)
    comparer.compare(wanted())
    assert not comparer.follow_pair()
    runner.drain()
    before = comparer.compared, comparer.status
    assert comparer.follow_pair()
    runner.drain()
    (second,) = again
    assert (comparer.compared, comparer.status) == before and len(read) == 1
    assert first.update(second)
    np.testing.assert_array_equal(first.levels[0][0], A)
    comparer.follow_pair()
    comparer.forget()
    assert not comparer.follow_pair()
    runner.drain()
    assert len(again) == 1


def test_what_is_of_another_area_is_not_taken_over():
    *_, shown = pair_job(wanted(window=Window(0, 1, 1100, 1299)))
    *_, newer = pair_job(wanted(window=Window(0, 0, 1100, 1299)))
    assert not shown.update(newer)
    np.testing.assert_array_equal(shown.a, A[:, 1:])
