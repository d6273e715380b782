"""Views: their sizes, their balance, and labels that stay with their pixels."""

import numpy as np
import pytest

from napari_uhrnet.training.data.augment import padded, random_colour, random_turn, resized
from napari_uhrnet.training.data.frames import Frame
from napari_uhrnet.training.data.sampling import FrameSource, Sampling, class_shares, draw_batch
from tests.models.tiny import CLASSES

PLAIN = Sampling(crop_px=40, crops=4, zoom=(1.0, 1.0), colour_strength=0.0, balance=0.0)


def _frame(labels):
    labels = labels.astype(np.uint8)
    return Frame("x", np.dstack([labels] * 3), labels)


def _noise(*shape, seed=0):
    return _frame(np.random.default_rng(seed).integers(0, 200, shape))


def _rare():
    """One pixel in two thousand is 5, the rest 1."""
    labels = np.ones((200, 200))
    labels[90:94, 90:95] = 5
    return FrameSource("rare", 1.0, [_frame(labels)])


def test_labels_stay_with_their_pixels():
    source = FrameSource("noise", 1.0, [_noise(100, 70), _noise(60, 90, seed=1)])
    seen = set()
    for k in range(10):
        for pixels, labels in draw_batch([source], PLAIN, np.random.default_rng(k)):
            assert pixels.shape == (40, 40, 3) and labels.shape == (40, 40)
            np.testing.assert_allclose(pixels[..., 0], labels, atol=1e-3)
            seen.add(labels.tobytes())
    assert len(seen) == 40


def test_a_zoomed_view_shows_less_and_has_the_same_size():
    ramp = np.add.outer(np.zeros(100), np.arange(100))
    source = FrameSource("ramp", 1.0, [_frame(ramp)])
    for zoom in (0.5, 2.0):
        sampling = Sampling(crop_px=40, crops=6, zoom=(zoom, zoom), colour_strength=0.0)
        for pixels, labels in draw_batch([source], sampling, np.random.default_rng(0)):
            assert labels.shape == (40, 40)
            assert np.ptp(labels.astype(int)) == pytest.approx(40 / zoom, abs=2)
            np.testing.assert_allclose(pixels[..., 0], labels, atol=2)


def test_a_scene_smaller_than_a_view_is_not_blown_up():
    source = FrameSource("small", 1.0, [_noise(20, 25)])
    sampling = Sampling(crop_px=64, zoom=(1.0, 1.0), colour_strength=0.0)
    for _, labels in draw_batch([source], sampling, np.random.default_rng(0)):
        assert labels.shape == (64, 64)
        assert (labels != 255).sum() == 20 * 20


def test_rare_classes_are_in_half_of_the_views():
    share = {}
    for balance in (0.0, 1.0):
        sampling = Sampling(crop_px=20, crops=300, balance=balance, zoom=(1.0, 1.0))
        views = draw_batch([_rare()], sampling, np.random.default_rng(0))
        share[balance] = np.mean([(labels == 5).any() for _, labels in views])
    assert share[0.0] < 0.05
    assert 0.4 < share[1.0] < 0.6


def test_whole_views_are_of_large_frames_only():
    small, large = FrameSource("s", 1.0, [_noise(40, 40)]), FrameSource("l", 1.0, [_noise(90, 120)])
    sampling = Sampling(crop_px=40, crops=2, whole_share=1.0, whole_px=100)
    views = draw_batch([small, large], sampling, np.random.default_rng(0))
    assert len(views) == 1 and sorted(views[0][1].shape) == [90, 100]
    assert len(draw_batch([small], sampling, np.random.default_rng(0))) == 2


def test_sources_are_drawn_as_often_as_they_say():
    ones, fives = (
        FrameSource(str(v), s, [_frame(np.full((50, 50), v))]) for v, s in ((1, 3), (5, 1))
    )
    sampling = Sampling(crop_px=20, crops=400)
    views = draw_batch([ones, fives], sampling, np.random.default_rng(0))
    assert np.mean([labels[0, 0] == 1 for _, labels in views]) == pytest.approx(0.75, abs=0.06)
    np.testing.assert_allclose(class_shares([ones, fives], CLASSES), [0.75, 0, 0.25])


def test_turns_move_picture_and_truth_together():
    rng, frame = np.random.default_rng(0), _noise(30, 30)
    views = [random_turn(frame, rng) for _ in range(40)]
    for view in views:
        np.testing.assert_array_equal(view.pixels[..., 0], view.labels)
    assert len({view.labels.tobytes() for view in views}) == 8


def test_resizing_and_padding():
    frame = _noise(30, 30)
    assert resized(frame, 30) is frame and padded(frame, 30) is frame
    small = resized(frame, 10)
    np.testing.assert_array_equal(small.labels, frame.labels[1::3, 1::3])
    wide = padded(frame, 80)
    assert wide.pixels.shape == (80, 80, 3)
    np.testing.assert_array_equal(wide.labels[:30, :30], frame.labels)
    assert (wide.labels != 255).sum() == 900


def test_colours_change_but_stay_in_range():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
    out = random_colour(pixels, 0.3, rng)
    assert out.min() >= 0 and out.max() <= 255
    assert np.abs(out - pixels).max() > 5
    np.testing.assert_allclose(random_colour(pixels, 0.0, rng), pixels, atol=1e-3)
