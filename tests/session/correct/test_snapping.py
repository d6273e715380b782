"""Borders that follow the edges of a made picture whose true border is known."""

import numpy as np
import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.polygon import Polygon
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.correct.corrections import Corrections
from napari_uhrnet.session.correct.snapping import snap_region, snapped
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from napari_uhrnet.store.journal.journal import Journal
from tests.store.strokes import CLASSES

SHAPE = (1400, 1300)
WHOLE = Window.of_shape(SHAPE)
LAKE, FIELD, NARROW = 4, 1, 3
AROUND_LAKE = Polygon([(250, 250), (250, 1050), (1150, 1050), (1150, 250)])


def blob(radius, shape=SHAPE):
    """A wavy disk in the middle."""
    y, x = np.indices(shape) - np.array([s / 2 for s in shape])[:, None, None]
    return np.hypot(y, x) < radius * (1 + 0.06 * np.sin(5 * np.arctan2(y, x)))


def picture(truth):
    """A noisy picture of it, without another edge."""
    rng = np.random.default_rng(0)
    plain = np.where(truth[..., None], (40, 70, 90), (120, 130, 60))
    return np.clip(plain + rng.normal(0, 4, (*truth.shape, 3)), 0, 255).astype(np.uint8)


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


class Made:
    """A prediction whose lake is some pixels too small and a picture that knows better."""

    def __init__(self, folder):
        self.truth = blob(300)
        self.predicted = np.where(blob(294), LAKE, FIELD).astype(np.uint8)
        self.predicted[:120, :120] = LAKE  # Where the picture has no edge, and the polygon is not.
        self.rgb = picture(self.truth)
        self.store = AnnotationStore.create(folder, SHAPE, CLASSES, "made")
        self.journal = Journal(self.store)
        self.corrections = Corrections(self.journal, lambda w: self.predicted[w.slices].copy())

    def snap(self, polygon=AROUND_LAKE, reach_px=10, progress=None):
        snap_region(
            self.corrections, polygon, LAKE, reach_px, lambda w: self.rgb[w.slices], progress
        )

    def shown(self):
        return self.corrections.shown(WHOLE)


@pytest.fixture
def made(tmp_path):
    made = Made(tmp_path / "s")
    with made.store, made.journal:
        yield made


def test_the_border_moves_to_the_true_edge_and_one_undo_takes_it_back(made):
    before = iou(made.shown() == LAKE, made.truth)
    made.snap()
    middle = Window(250, 250, 900, 800).slices
    assert iou(made.shown()[middle] == LAKE, made.truth[middle]) > 0.995 > before + 0.01
    assert made.journal.undoable == ("snap to edges",)
    made.corrections.undo()
    np.testing.assert_array_equal(made.shown(), made.predicted)


def test_only_a_band_around_the_border_in_the_polygon_changes(made):
    made.snap(Polygon([(250, 250), (250, 1050), (700, 1050), (700, 250)]))
    touched = made.store.read(WHOLE) != 255
    from scipy.ndimage import distance_transform_edt

    inside = made.predicted == LAKE
    to_border = np.where(inside, distance_transform_edt(inside), distance_transform_edt(~inside))
    assert touched.any()
    assert to_border[touched].max() <= 10
    assert not touched[700:].any()
    assert not touched[:250].any()


def test_protected_classes_are_not_taken(made):
    made.predicted[500:900, 960:1040] = NARROW
    made.corrections.protected = frozenset({NARROW})
    made.snap()
    np.testing.assert_array_equal(made.shown() == NARROW, made.predicted == NARROW)
    assert (made.store.read(WHOLE) == LAKE).any()


def test_a_polygon_that_is_too_large_is_refused(tmp_path):
    with (
        AnnotationStore.create(tmp_path / "s", (5000, 9000), CLASSES, "m") as store,
        Journal(store) as journal,
    ):
        corrections = Corrections(journal, lambda w: np.ones(w.shape_yx, np.uint8))
        large = Polygon([(0, 0), (0, 8000), (300, 8000)])
        with pytest.raises(UserError, match=r"8001 x 301 .* at most 4096"):
            snap_region(corrections, large, LAKE, 5, lambda w: np.zeros((*w.shape_yx, 3)))


def test_stopped_it_has_not_happened(made):
    def stop(share):
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        made.snap(progress=stop)
    assert not list(made.store.touched_windows())


def test_what_the_class_gives_away_goes_to_the_nearest_other_class():
    shape = (200, 200)
    truth = blob(60, shape)
    shown = np.where(np.arange(200)[None, :] < 100, FIELD, NARROW).repeat(200, 0).astype(np.uint8)
    sides = shown.copy()
    shown[blob(66, shape)] = LAKE
    found = snapped(shown, picture(truth), LAKE, 9)
    assert iou(found == LAKE, truth) > 0.99
    given = (shown == LAKE) & (found != LAKE)
    far_from_middle = np.abs(np.arange(200) - 100)[None, :] > 12
    np.testing.assert_array_equal(found[given & far_from_middle], sides[given & far_from_middle])


def test_without_an_edge_nothing_moves_and_nothing_stays_nothing():
    shown = np.where(blob(60, (200, 200)), LAKE, FIELD).astype(np.uint8)
    shown[:, 110:130] = 255
    flat = np.full((200, 200, 3), 90, np.uint8)
    np.testing.assert_array_equal(snapped(shown, flat, LAKE, 8), shown)
    noisy = picture(blob(66, (200, 200)))
    np.testing.assert_array_equal(snapped(shown, noisy, LAKE, 8) == 255, shown == 255)


def test_what_is_narrower_than_the_reach_stays():
    shown = np.full((120, 120), FIELD, np.uint8)
    shown[50:56] = LAKE
    np.testing.assert_array_equal(snapped(shown, picture(shown == FIELD), LAKE, 8), shown)
