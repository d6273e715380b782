"""The queue's order against a ranking by brute force, and the way through it."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import InferenceGrid
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.compare.sources import labels_source
from napari_uhrnet.session.queue import queue as module
from napari_uhrnet.session.queue.queue import (
    Criterion,
    Part,
    Queue,
    Ranked,
    disagreement,
    rank_job,
    uncertainty,
)
from napari_uhrnet.session.queue.ranker import Ranker
from napari_uhrnet.session.runner import SyncRunner
from napari_uhrnet.session.wording import STOPPED

CLASSES = ClassTable("ab", (LabelClass(0, "a", (1, 0, 0)), LabelClass(3, "b", (0, 1, 0))))
SWAPPED = ClassTable("ba", (LabelClass(0, "b", (0, 1, 0)), LabelClass(3, "a", (1, 0, 0))))


def criterion_of(values):
    @contextmanager
    def opened():
        yield lambda window: values[window.slices].astype(np.float32)

    return Criterion("made", opened)


def ranked(shape, side, criterion, reviewed=None):
    read = None if reviewed is None else (lambda window: reviewed[window.slices])
    *shares, last = rank_job(shape, side, criterion, read)
    assert shares == pytest.approx(np.arange(1, len(shares) + 1) / len(shares))
    return last


def by_force(values, side, reviewed):
    """(-score, y, x) of every part with a pixel that counts, sorted."""
    height, width = values.shape
    found = []
    for y in range(0, height, side):
        for x in range(0, width, side):
            part = values[y : y + side, x : x + side]
            counts = ~np.isnan(part) & ~reviewed[y : y + side, x : x + side]
            if counts.any():
                found.append((-part[counts].mean(), y, x, *part.shape))
    return sorted(found)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.integers(1, 17),
    st.integers(1, 9),
    st.integers(0, 2**32 - 1),
)
def test_the_order_is_that_of_brute_force(shape, side, piece, seed):
    rng = np.random.default_rng(seed)
    # Quarters: sums are exact, and there are ties.
    values = rng.integers(0, 5, shape) / 4
    values[rng.random(shape) < 0.3] = np.nan
    if rng.random() < 0.5:
        values[: shape[0] // 2] = 0.5
    reviewed = rng.random(shape) < rng.choice([0, 0.5, 1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_READ_PX", piece)
        found = ranked(shape, side, criterion_of(values), reviewed)
    expected = by_force(values, side, reviewed)
    assert [part.window for part in found.parts] == [Window(*e[1:]) for e in expected]
    assert [part.score for part in found.parts] == pytest.approx([-e[0] for e in expected])


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.37, 1.6])
def test_uncertainty_is_the_stored_entropy_at_the_scale_of_the_scene(scale):
    grid = InferenceGrid((50, 61), scale)
    rng = np.random.default_rng(1)
    stored = rng.choice([0, 100, 254, 255], grid.shape_yx).astype(np.uint8)

    def read(plane, window):
        assert plane == "fused/entropy"
        return stored[window.slices]

    store, layout = SimpleNamespace(read=read), SimpleNamespace(inference=grid)
    criterion = uncertainty(SimpleNamespace(store=store, layout=layout))
    rows, columns = (grid.indices(axis, 0, n) for axis, n in enumerate((50, 61)))
    whole = stored[np.ix_(rows, columns)]
    values = np.where(whole == 255, np.nan, whole / 254)
    found = ranked((50, 61), 16, criterion)
    expected = by_force(values, 16, np.zeros((50, 61), bool))
    assert [part.score for part in found.parts] == pytest.approx([-e[0] for e in expected])


def test_disagreement_is_between_names_not_ids():
    a = np.array([[0, 3, 0, 255, 0, 9]], np.uint8)
    b = np.array([[3, 0, 0, 3, 255, 0]], np.uint8)
    criterion = disagreement("x", labels_source(a, CLASSES, "a"), labels_source(b, SWAPPED, "b"))
    with criterion.open() as read:
        said = read(Window(0, 0, 1, 6))
    assert said[0, :3].tolist() == [0, 0, 1]
    assert np.isnan(said[0, 3:5]).all()


def test_classes_without_a_common_name_are_said():
    other = ClassTable("c", (LabelClass(0, "c", (0, 0, 1)),))
    labels = np.zeros((2, 2), np.uint8)
    criterion = disagreement(
        "x", labels_source(labels, CLASSES, "a"), labels_source(labels, other, "b")
    )
    ranker = Ranker(SyncRunner())
    ranker.rank((2, 2), 1, criterion)
    assert "none of its classes" in ranker.status.message
    assert not ranker.status.busy
    with pytest.raises(UserError):
        list(rank_job((2, 2), 1, criterion))


def parts(*scores):
    return [Part(Window(0, k, 1, 1), s) for k, s in enumerate(scores)]


def test_next_and_previous_stay_at_the_ends():
    queue = Queue()
    assert queue.step(1) is None
    a, b, c = parts(0.9, 0.5, 0.1)
    queue.rank(Ranked("x", (a, b, c)))
    assert [queue.current, queue.step(1), queue.step(1), queue.step(1)] == [a, b, c, c]
    assert [queue.step(-1), queue.step(-1), queue.step(-1)] == [b, a, a]
    assert queue.go_to(2) is c


def test_skipped_parts_come_last_and_stay_there():
    queue = Queue()
    a, b, c = parts(0.9, 0.5, 0.1)
    queue.rank(Ranked("x", (a, b, c)))
    assert queue.skip() is b
    assert queue.parts == [b, c, a]
    queue.rank(Ranked("y", (a, c, b)))
    assert queue.parts == [c, b, a]
    assert queue.is_skipped(a)
    assert not queue.is_skipped(b)
    assert queue.current is c


def test_what_is_done_is_gone():
    queue = Queue()
    a, b = parts(0.9, 0.5)
    queue.rank(Ranked("x", (a, b)))
    queue.step(1)
    assert queue.done() is a
    assert queue.done() is None
    assert queue.done() is queue.skip() is None


def test_a_ranking_can_be_stopped_and_then_forgotten():
    runner = SyncRunner(stepwise=True)
    ranker = Ranker(runner)
    criterion = criterion_of(np.ones((4, 4)))
    ranker.rank((4, 4), 2, criterion)
    runner.step()
    assert ranker.status.busy
    assert ranker.status.share == 0.25
    ranker.cancel()
    runner.drain()
    assert ranker.status.message == STOPPED
    assert ranker.queue.current is None
    ranker.rank((4, 4), 2, criterion)
    runner.drain()
    assert len(ranker.queue.parts) == 4
    ranker.rank((4, 4), 1, criterion)
    runner.step()
    ranker.forget()
    runner.drain()
    assert ranker.queue.parts == []
    assert not ranker.status.busy


def test_an_old_ranking_is_dropped():
    runner = SyncRunner(stepwise=True)
    ranker = Ranker(runner)
    ranker.rank((4, 4), 2, criterion_of(np.ones((4, 4))))
    runner.step()
    ranker.rank((4, 4), 4, criterion_of(np.ones((4, 4))))
    runner.drain()
    assert [part.window for part in ranker.queue.parts] == [Window(0, 0, 4, 4)]


def test_all_reviewed_is_said():
    ranker = Ranker(SyncRunner())
    ranker.rank(
        (4, 4), 2, criterion_of(np.ones((4, 4))), lambda window: np.ones(window.shape_yx, bool)
    )
    assert "reviewed" in ranker.status.message
