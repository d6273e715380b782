"""Comparisons as jobs: numbers, highlighted pixels, and what becomes of outdated results."""

from datetime import datetime

import numpy as np
import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.comparison import blocks
from napari_uhrnet.geometry.polygon import Polygon
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.session.compare import sources as comparing
from napari_uhrnet.session.compare.comparer import Comparer
from napari_uhrnet.session.compare.sources import corrections_source
from napari_uhrnet.session.runner import SyncRunner
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from tests.session.compared import (
    SHAPE,
    TABLE,
    A,
    B,
    assert_found,
    failing,
    labels,
    wanted,
)

WHOLE = Window.of_shape(SHAPE)
POLYGON = Polygon([(-20.5, 300.2), (600.7, 1400.1), (1050.3, 900.9), (700, 80)])
"""Partly outside of the scene, over all blocks."""


class Person:
    """Sees what a panel would see."""

    def __init__(self, runner):
        self.comparer = Comparer(runner)
        self.found, self.highlighted, self.said = [], [], []
        self.comparer.found.connect(self.found.append)
        self.comparer.highlighted.connect(self.highlighted.append)
        self.comparer.status_changed.connect(self.said.append)


@pytest.fixture
def runner():
    return SyncRunner(stepwise=True)


@pytest.fixture
def person(runner):
    return Person(runner)


@pytest.fixture
def at_once():
    return Person(SyncRunner())


def inside(window=WHOLE, polygon=None):
    mask = np.zeros(SHAPE, bool)
    mask[window.slices] = True
    return mask if polygon is None else mask & polygon.inside(WHOLE)


@pytest.mark.parametrize(
    "area",
    [
        {},
        {"window": Window(1000, 1001, 60, 299)},
        {"polygon": POLYGON},
        {"window": Window(200, 300, 840, 730), "polygon": POLYGON},
    ],
)
def test_numbers_are_those_of_the_masked_whole_arrays(at_once, area):
    at_once.comparer.compare(wanted(**area))
    (found,) = at_once.found
    assert at_once.comparer.compared is found
    assert_found(found.comparison, A, B, inside(**area))
    assert at_once.comparer.status.busy is False
    shares = [status.share for status in at_once.said if status.busy]
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize("polygon", [None, POLYGON])
@pytest.mark.parametrize("highlight_px", [2000, 300, 77])
@pytest.mark.parametrize("block_px", [1024, 100])
def test_highlighted_pixels_are_those_of_the_pair_inside_the_area(
    at_once, monkeypatch, polygon, highlight_px, block_px
):
    monkeypatch.setattr(comparing, "HIGHLIGHT_PX", highlight_px)
    monkeypatch.setattr(blocks, "BLOCK_PX", block_px)
    at_once.comparer.compare(wanted(polygon=polygon))
    view = Window(33, 71, 1060, 1130)
    at_once.comparer.highlight((4, 6), view)
    (highlighted,) = at_once.highlighted
    area = at_once.comparer.compared.comparison.area.window
    assert highlighted.window == view.intersect(area)
    assert (highlighted.pair, highlighted.step) == (
        (4, 6),
        -(-max(highlighted.window.shape_yx) // highlight_px),
    )
    exact = ((A == 4) & (B == 6) & inside(polygon=polygon))[highlighted.window.slices]
    assert exact.any()
    padded = np.zeros([n * highlighted.step for n in highlighted.mask.shape], bool)
    padded[: exact.shape[0], : exact.shape[1]] = exact
    cells = padded.reshape(
        highlighted.mask.shape[0], highlighted.step, highlighted.mask.shape[1], highlighted.step
    )
    np.testing.assert_array_equal(highlighted.mask, cells.any(axis=(1, 3)))


def test_nothing_is_highlighted_outside_of_the_area_or_before_there_is_one(at_once):
    at_once.comparer.highlight((1, 1), WHOLE)
    at_once.comparer.compare(wanted(window=Window(0, 0, 50, 50)))
    at_once.comparer.highlight((1, 1), Window(60, 60, 9, 9))
    assert at_once.highlighted == []


def test_the_latest_comparison_wins(person, runner):
    person.comparer.compare(wanted(B, B))
    runner.step()
    assert person.comparer.status.share > 0
    person.comparer.compare(wanted())
    assert person.comparer.status.share == 0
    runner.drain()
    (found,) = person.found
    assert_found(found.comparison, A, B, inside())
    assert person.comparer.status.message == ""


def test_a_comparison_goes_before_highlighted_pixels(person, runner):
    person.comparer.compare(wanted())
    runner.drain()
    person.comparer.compare(wanted(B, A))
    runner.step()
    person.comparer.highlight((1, 4), WHOLE)
    runner.drain()
    assert person.highlighted == []
    assert_found(person.comparer.compared.comparison, B, A, inside())


def test_only_the_pair_that_was_asked_for_last_is_highlighted(person, runner):
    person.comparer.compare(wanted())
    runner.drain()
    person.comparer.highlight((1, 4), WHOLE)
    runner.step()
    person.comparer.highlight((4, 1), WHOLE)
    runner.drain()
    assert [highlighted.pair for highlighted in person.highlighted] == [(4, 1)]


def test_cancel_keeps_what_was_found_before(person, runner):
    person.comparer.compare(wanted())
    runner.drain()
    before = person.comparer.compared
    person.comparer.compare(wanted(B, B))
    runner.step()
    person.comparer.cancel()
    runner.drain()
    assert person.comparer.status.message == "Stopped."
    assert person.comparer.compared is before
    assert len(person.found) == 1


def test_a_wrong_source_is_a_sentence_and_a_bug_surfaces(person, runner):
    broken = failing(UserError("mask.png: the file is empty; fetch it again."))
    person.comparer.compare(wanted())
    runner.drain()
    person.comparer.compare(_with(wanted(), broken))
    runner.drain()
    assert person.comparer.status.message == "mask.png: the file is empty; fetch it again."
    assert not person.comparer.status.busy
    assert person.comparer.compared is person.found[0]
    job = {}
    runner.start = lambda started: job.update(started=started)
    person.comparer.compare(wanted())
    with pytest.raises(ZeroDivisionError):
        job["started"].on_end(ZeroDivisionError("by zero"))
    assert "Stopped by an internal error: ZeroDivisionError" in person.comparer.status.message


def test_labels_of_another_size_are_a_sentence(at_once):
    at_once.comparer.compare(wanted(b=labels(1, (1100, 1299))))
    assert "1299 x 1100 px and A is 1300 x 1100" in at_once.comparer.status.message
    at_once.comparer.compare(wanted(polygon=Polygon([(-9, -9), (-9, -2), (-2, -2)])))
    assert "no pixel of the scene" in at_once.comparer.status.message


def test_forgetting_drops_what_runs_and_what_was_found(person, runner):
    person.comparer.compare(wanted())
    runner.drain()
    person.comparer.compare(wanted(B, A))
    runner.step()
    person.comparer.forget()
    runner.drain()
    assert person.comparer.compared is None
    assert len(person.found) == 2
    assert person.found[-1] is None
    assert not person.comparer.status.busy


def test_after_closing_nothing_is_told(person, runner):
    person.comparer.compare(wanted())
    runner.step()
    said = len(person.said)
    person.comparer.close()
    runner.drain()
    assert (person.found, len(person.said)) == ([], said)


def test_corrections_are_a_source_of_their_own_classes(at_once, tmp_path):
    store = AnnotationStore.create(tmp_path / "corrections", SHAPE, TABLE, "scene")
    place = Window(990, 1000, 80, 90)
    with store:
        store.write(place, B[place.slices])
    painted = np.full(SHAPE, 255, np.uint8)
    painted[place.slices] = B[place.slices]
    at_once.comparer.compare(_with(wanted(), corrections_source(store, "Corrections")))
    (found,) = at_once.found
    assert_found(found.comparison, A, painted, inside())


def test_a_report_shows_what_was_found_and_where_it_was_written(at_once, tmp_path):
    scene = array_scene([np.zeros((*SHAPE, 3), np.uint8)], "town.tif")
    at_once.comparer.report(wanted(polygon=POLYGON), scene, tmp_path, datetime(2026, 1, 2))
    (found,) = at_once.found
    assert_found(found.comparison, A, B, inside(polygon=POLYGON))
    page = at_once.comparer.status.page
    assert page == tmp_path / "town-comparison" / "report.html"
    assert page.is_file()
    at_once.comparer.compare(wanted())
    assert at_once.comparer.status.page is None


def _with(job, b):
    return type(job)(job.a, b, job.classes, job.window, job.polygon, job.pixel_size_m)
