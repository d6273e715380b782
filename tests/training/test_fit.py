"""Training: it learns, it goes on where it was broken off, and gradients go where they should."""

import csv
import itertools

import numpy as np
import pytest
import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.models.uhrnet import segment_frames
from napari_uhrnet.training.augment import random_colour, random_crop, random_turn
from napari_uhrnet.training.fit import FitConfig, fit, learning_rate
from napari_uhrnet.training.frames import Frame
from napari_uhrnet.training.losses import AUXILIARY_WEIGHT, patch_losses, total_loss
from tests.models.tiny import CLASSES, TINY, tiny_network

CONFIG = FitConfig(steps=6, batch_frames=2, crop_px=96, warmup_steps=2, save_every_steps=2)


def _draw(rng):
    """Left and right halves in the colour of their class; where, is random."""
    at = int(rng.integers(20, 100))
    labels = np.full((120, 120), 1, np.uint8)
    labels[:, at:] = 5
    pixels = np.where(labels[..., None] == 1, 60, 190).astype(np.uint8).repeat(3, axis=2)
    return Frame("made", pixels, labels)


def _fit(folder, config=CONFIG, steps=None):
    network = tiny_network()
    done = []
    for progress in fit(network, _draw, CLASSES, np.ones(3), config, folder):
        done.append(progress)
        if steps is not None and progress.step == steps:
            return network, done
    return network, done


def test_a_run_that_was_broken_off_ends_with_the_same_weights(tmp_path):
    straight, _ = _fit(tmp_path / "a")
    _fit(tmp_path / "b", steps=3)  # state of step 2; step 3 is lost and done again
    resumed, rest = _fit(tmp_path / "b")
    assert [p.step for p in rest] == [3, 4, 5, 6]
    for (name, a), b in zip(
        straight.state_dict().items(), resumed.state_dict().values(), strict=True
    ):
        assert torch.equal(a, b), name


def test_it_learns_two_colours(tmp_path):
    config = FitConfig(
        steps=40, batch_frames=2, crop_px=96, rate_heads=1e-2, warmup_steps=3, averaging=0.8
    )
    network, done = _fit(tmp_path, config)
    assert done[-1].loss < 0.5 * done[0].loss
    frame = _draw(np.random.default_rng(9))
    pixels = torch.from_numpy(frame.pixels).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        logits = segment_frames(network.eval(), pixels)["fused"]
    window = PatchGrid((120, 120), 64, 16).window((0, 0))
    truth = frame.labels[window.slices][2::4, 2::4]
    labels = CLASSES.ids[logits[0, 0][0].argmax(0).numpy()]
    assert (labels == truth).mean() > 0.8
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(r["step"]) for r in rows] == list(range(1, 41))


def test_backbones_keep_their_batch_norm_statistics(tmp_path):
    network, _ = _fit(tmp_path)
    before = tiny_network().state_dict()
    for key, value in network.state_dict().items():
        if "running_" in key:
            assert torch.equal(value, before[key]), key


def test_a_loss_that_is_not_a_number_stops_with_a_sentence(tmp_path):
    network = tiny_network()
    torch.nn.init.constant_(network.fused_head.bias, torch.nan)
    with pytest.raises(UserError, match="not a number"):
        list(fit(network, _draw, CLASSES, np.ones(3), CONFIG, tmp_path))


def test_rates_warm_up_and_fall_to_zero():
    rates = [learning_rate(s, FitConfig(steps=100, warmup_steps=10)) for s in range(101)]
    assert rates[:10] == pytest.approx([0.1 * k for k in range(1, 11)])
    assert rates[10] == 1.0 and rates[100] == 0.0
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))


def test_pixels_without_truth_have_no_loss():
    grid = PatchGrid((64, 64), TINY.patch_px, TINY.min_overlap_px)
    logits = {b: {(0, 0): torch.randn(1, 3, 16, 16)} for b in ("fused", "global", "local")}
    labels = torch.full((1, 64, 64), 255)
    labels[:, :, :32] = 1
    losses = patch_losses(logits, labels, grid, torch.ones(3))
    for patches in logits.values():
        patches[0, 0][..., 9:] += 5 * torch.randn(1, 3, 16, 7)  # beyond what is interpolated over
    again = patch_losses(logits, labels, grid, torch.ones(3))
    assert losses["fused"].item() == pytest.approx(again["fused"].item())
    expected = losses["fused"] + AUXILIARY_WEIGHT * (losses["global"] + losses["local"])
    assert total_loss(losses).item() == pytest.approx(expected.item())


def test_turns_and_crops_move_picture_and_truth_together():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 200, (70, 50)).astype(np.uint8)
    frame = Frame("x", np.dstack([labels] * 3), labels)
    seen = set()
    for _ in range(40):
        view = random_turn(random_crop(frame, 40, rng), rng)
        assert view.labels.shape == (40, 40)
        np.testing.assert_array_equal(view.pixels[..., 0], view.labels)
        seen.add(view.labels.tobytes())
    assert len(seen) > 30
    assert random_crop(frame, 60, rng).labels.shape == (60, 50)


def test_colours_change_but_stay_in_range():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
    out = random_colour(pixels, 0.3, rng)
    assert out.min() >= 0 and out.max() <= 255
    assert np.abs(out - pixels).max() > 5
    np.testing.assert_allclose(random_colour(pixels, 0.0, rng), pixels, atol=1e-3)
