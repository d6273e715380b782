"""Painting in windows over a scene, and edits of whole regions."""

import errno
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.polygon import Polygon
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.correct import region_edits
from napari_uhrnet.session.correct.corrections import Corrections
from napari_uhrnet.session.correct.editable import EDIT_PX, editable_window, still_fits
from napari_uhrnet.session.correct.operations import (
    FillHoles,
    Grow,
    ReplaceClass,
    SetClass,
    Shrink,
    Smooth,
    disk_counts,
)
from napari_uhrnet.session.correct.region_edits import (
    edit_region,
    mark_region_reviewed,
    take_prediction,
    unmark_region_reviewed,
)
from napari_uhrnet.session.correct.superpixels import Superpixels
from napari_uhrnet.store.journal.journal import Journal
from tests.store.strokes import SHAPE, create

WHOLE = Window.of_shape(SHAPE)


class Prediction:
    """A prediction of the whole scene that may change."""

    def __init__(self):
        rng = np.random.default_rng(3)
        coarse = ndimage.zoom(rng.random((24, 28)), 50, order=1)[: SHAPE[0], : SHAPE[1]]
        noise = rng.random(SHAPE) < 0.05
        self.labels = np.where(noise, 3, (coarse * 3).astype(np.uint8)).astype(np.uint8)
        self.labels[:40, :60] = 255

    def __call__(self, window):
        return self.labels[window.slices].copy()


@pytest.fixture
def prediction():
    return Prediction()


@pytest.fixture
def corrections(tmp_path, prediction):
    with create(tmp_path / "s") as store, Journal(store) as journal:
        yield Corrections(journal, prediction)


def paint(corrections, window, class_id):
    """Paint a level-0 rectangle in the window that is checked out."""
    out = corrections.checked_out
    painted = out.labels.copy()
    painted[window.relative_to(out.window).slices] = class_id
    return corrections.commit(painted)


def test_only_painted_pixels_are_committed_and_others_follow_the_prediction(
    corrections, prediction
):
    out = corrections.check_out(Window(100, 200, 300, 400))
    np.testing.assert_array_equal(out.labels, prediction(out.window))
    stroke = Window(150, 250, 40, 60)
    same = prediction(stroke) == 2
    assert same.any()
    paint(corrections, stroke, 2)
    labels = corrections.journal.store.read(WHOLE)
    expected = np.full(SHAPE, 255, np.uint8)
    expected[stroke.slices][~same] = 2
    np.testing.assert_array_equal(labels, expected)
    prediction.labels[:] = 4
    assert corrections.follow(Window(0, 0, 170, 1000), out.labels.copy()) == Window(
        100, 200, 70, 400
    )
    np.testing.assert_array_equal(out.labels[:70], corrections.shown(Window(100, 200, 70, 400)))
    assert (out.labels[:50] == 4).all()
    assert not (out.labels[100:] == 4).any()


def test_erasing_goes_back_to_the_prediction(corrections, prediction):
    corrections.check_out(Window(100, 200, 300, 400))
    stroke = Window(150, 250, 40, 60)
    paint(corrections, stroke, 6)
    assert paint(corrections, Window(150, 250, 10, 60), 255) == Window(150, 250, 10, 60)
    np.testing.assert_array_equal(
        corrections.checked_out.labels[50:60, 50:110], prediction(Window(150, 250, 10, 60))
    )
    assert paint(corrections, Window(300, 250, 10, 60), 255) == Window(300, 250, 10, 60)
    assert corrections.journal.store.counts().labelled_px == {6: 30 * 60}
    assert len(corrections.journal.undoable) == 2


def test_protected_classes_are_not_painted_over(corrections, prediction):
    corrections.protected = frozenset({1})
    corrections.check_out(Window(100, 200, 300, 400))
    stroke = Window(150, 250, 200, 200)
    before = prediction(stroke)
    assert (before == 1).any()
    paint(corrections, stroke, 6)
    np.testing.assert_array_equal(corrections.shown(stroke), np.where(before == 1, 1, 6))
    np.testing.assert_array_equal(
        corrections.checked_out.labels[50:250, 50:250], corrections.shown(stroke)
    )


def test_a_stroke_said_to_lie_within_a_window_costs_no_more_than_that(corrections):
    out = corrections.check_out(Window(100, 200, 300, 400))
    painted = out.labels.copy()
    painted[10:20, 10:20] = 6
    painted[200:210, 10:20] = 6
    assert corrections.commit(painted, within=Window(90, 190, 100, 100)) == Window(110, 210, 10, 10)
    assert corrections.commit(painted) == Window(300, 210, 10, 10)


def test_reviewed_pixels_do_not_follow_the_prediction(corrections, prediction):
    region = Polygon([(20, 30), (300.5, 80), (200, 700), (40, 500)])
    before = prediction.labels.copy()
    mark_region_reviewed(corrections, region, "hash")
    prediction.labels[:] = 6
    inside = region.inside(WHOLE) & (before != 255)
    np.testing.assert_array_equal(corrections.journal.store.reviewed(WHOLE), inside)
    np.testing.assert_array_equal(corrections.shown(WHOLE), np.where(inside, before, 6))
    corrections.undo()
    assert (corrections.shown(WHOLE) == 6).all()
    corrections.redo()
    unmark_region_reviewed(corrections, region)
    assert not corrections.journal.store.reviewed(WHOLE).any()
    np.testing.assert_array_equal(corrections.shown(WHOLE), np.where(inside, before, 6))
    take_prediction(corrections, region)
    assert corrections.journal.store.counts().labelled_px == {}


OPERATIONS = [
    SetClass(5),
    ReplaceClass(1, 4),
    Grow(1, 7),
    Shrink(1, 9),
    Smooth(2, 5),
    Smooth(3, 2),
    FillHoles(1, 37),
    FillHoles(0, 20),
]
REGION = [(-20, 100), (500.3, -30), (1130, 600.7), (700, 1290), (130, 1100)]


@pytest.mark.parametrize("operation", OPERATIONS, ids=repr)
@pytest.mark.parametrize("block_px", [300, 512])
def test_blocks_leave_no_seam(corrections, prediction, monkeypatch, operation, block_px):
    monkeypatch.setattr(region_edits, "BLOCK_PX", block_px)
    corrections.protected = frozenset({2})
    polygon = Polygon(REGION)
    shown = corrections.shown(WHOLE)
    wanted = operation(shown, (True, True, True, True))
    changed = polygon.inside(WHOLE) & (shown != 2)
    expected = np.where(changed, wanted, shown)
    assert not np.array_equal(expected, shown)
    edit_region(corrections, polygon, operation)
    np.testing.assert_array_equal(corrections.shown(WHOLE), expected)
    assert corrections.journal.undoable == (operation.kind,)
    corrections.undo()
    np.testing.assert_array_equal(corrections.shown(WHOLE), shown)


def test_the_operations_are_those_of_their_names():
    rng = np.random.default_rng(0)
    own = ndimage.binary_opening(rng.random((90, 110)) < 0.7)
    shown = np.where(own, 1, 2).astype(np.uint8)
    edges = (True, True, True, True)
    for radius in (1, 3, 6):
        y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        disk = y**2 + x**2 <= radius**2
        np.testing.assert_array_equal(
            disk_counts(own, radius), ndimage.convolve(own.astype(int), disk, mode="constant")
        )
        grown = ndimage.binary_dilation(own, disk)
        np.testing.assert_array_equal(Grow(1, radius)(shown, edges) == 1, grown)
        shrunk = ndimage.binary_erosion(own, disk, border_value=1)
        np.testing.assert_array_equal(Shrink(1, radius)(shown, edges) == 1, shrunk)
    holes = np.where(ndimage.binary_fill_holes(own), 1, 2)
    np.testing.assert_array_equal(FillHoles(1, 200)(shown, edges), holes)


def test_freed_pixels_go_to_the_nearest_class_and_never_to_nothing():
    shown = np.full((9, 30), 1, np.uint8)
    shown[:, :3], shown[:, -3:] = 2, 255
    shrunk = Shrink(1, 4)(shown, (True, True, True, True))
    assert (shrunk[:, :7] == 2).all()
    assert (shrunk[:, 7:27] == 1).all()
    shown[4, 15] = 3
    smooth = Smooth(3, 2)(shown, (True, True, True, True))
    assert smooth[4, 15] == 1


def test_holes_larger_than_asked_and_open_to_the_edge_stay():
    shown = np.full((60, 60), 1, np.uint8)
    shown[10:20, 10:20] = 2
    shown[30:51, 30:40] = 2
    shown[0:5, 30:35] = 2
    filled = FillHoles(1, 20)(shown, (True, False, False, False))
    assert (filled[10:20, 10:20] == 1).all()
    assert (filled[30:51, 30:40] == 2).all()
    assert (filled[0:5, 30:35] == 2).all()


def test_a_cancelled_region_has_not_happened(corrections, monkeypatch):
    monkeypatch.setattr(region_edits, "BLOCK_PX", 256)
    shown = corrections.shown(WHOLE)

    def cancel(share):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        edit_region(corrections, Polygon(REGION), SetClass(5), cancel)
    np.testing.assert_array_equal(corrections.shown(WHOLE), shown)
    assert corrections.journal.undoable == ()


def test_a_superpixel_is_found_at_a_point():
    window = Window(100, 100, 128, 128)
    rgb = np.zeros((128, 128, 3), np.uint8)
    rgb[40:80, 40:80] = (250, 30, 10)
    superpixels = Superpixels.of(window, rgb, size_px=40)
    found, mask = superpixels.at((160, 160))
    assert (rgb[found.relative_to(window).slices][mask] == (250, 30, 10)).mean() > 0.9
    assert superpixels.at((99, 120)) is None


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_a_stroke_that_cannot_be_saved_is_kept_and_saved_once_it_can(
    corrections, monkeypatch, error
):
    out = corrections.check_out(Window(0, 0, 400, 400))
    painted = out.labels.copy()
    painted[100:120, 100:130] = 6

    def fails(*_):
        raise OSError(error, os.strerror(error))

    for name in ("edit", "_append"):
        with monkeypatch.context() as full:
            full.setattr(corrections.journal, name, fails)
            with pytest.raises(UserError, match=r"the disk is full|cannot be used"):
                corrections.commit(painted, Window(100, 100, 20, 30))
            with pytest.raises(UserError):
                corrections.move(Window(900, 900, 100, 100), painted)
            with pytest.raises(UserError):
                corrections.follow(Window(0, 0, 50, 50), painted)
        assert corrections.checked_out is out and not (out.labels == 6).any()
        assert corrections.journal.undoable == ()
    painted[300:310, 300:310] = 5
    corrections.move(Window(900, 900, 100, 100), painted)
    assert (corrections.shown(Window(100, 100, 20, 30)) == 6).all()
    assert (corrections.shown(Window(300, 300, 10, 10)) == 5).all()
    assert len(corrections.journal.undoable) == 1


def test_a_stroke_that_reached_the_journal_only_is_one_step(corrections, monkeypatch):
    out = corrections.check_out(Window(0, 0, 400, 400))
    painted = out.labels.copy()
    painted[100:120, 100:130] = 6

    def fails(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(corrections.journal.store, "write_state", fails)
        with pytest.raises(UserError, match="the disk is full"):
            corrections.commit(painted)
    painted[:5] = 5
    corrections.commit(painted)
    np.testing.assert_array_equal(corrections.shown(out.window), painted)
    before = len(corrections.journal.undoable)
    corrections.undo()
    corrections.undo()
    assert before == 2 and corrections.journal.undoable == ()


def test_moving_commits_and_undo_works_across_windows(corrections):
    first = corrections.move(Window(0, 0, 100, 100))
    painted = first.labels.copy()
    painted[50:60, 50:60] = 6
    assert corrections.move(Window(20, 20, 100, 100), painted) is None
    assert corrections.journal.undoable == ()
    second = corrections.move(Window(1000, 1150, 100, 100), painted)
    assert second.window != first.window
    assert corrections.journal.store.counts().labelled_px == {6: 100}
    assert corrections.undo() == (Window(50, 50, 10, 10),)
    assert corrections.journal.store.counts().labelled_px == {}
    assert corrections.move(Window(5000, 0, 10, 10)) is None


SIDES = st.integers(1, 30_000)


@given(SIDES, SIDES, st.integers(-9000, 40_000), st.integers(-9000, 40_000), SIDES, SIDES)
def test_the_editable_window_holds_the_view_or_its_middle(height, width, y, x, view_h, view_w):
    view, shape = Window(y, x, view_h, view_w), (height, width)
    seen = view.clip(shape)
    if not seen:
        return
    window = editable_window(view, shape)
    assert window.clip(shape) == window
    assert max(window.shape_yx) <= EDIT_PX
    assert still_fits(window, view, shape)
    if max(seen.shape_yx) <= EDIT_PX:
        assert window.contains(seen)


def test_small_pans_and_zooming_in_keep_the_window_and_large_ones_do_not():
    shape, view = (50_000, 50_000), Window(20_000, 20_000, 3000, 3000)
    window = editable_window(view, shape)
    assert window == Window(19_452, 19_452, 4096, 4096)
    assert still_fits(window, view.shift(500, -500), shape)
    assert still_fits(window, Window(20_500, 20_500, 200, 200), shape)
    assert not still_fits(window, view.shift(600, 0), shape)
    wide = Window(10_000, 10_000, 20_000, 20_000)
    assert still_fits(editable_window(wide, shape), wide.shift(400, 400), shape)
    assert not still_fits(editable_window(wide, shape), wide.shift(600, 0), shape)
