"""Averages over views: equivariant where they must be, and the mean that they claim to be."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_uhrnet.engine.segment import segment
from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.scoring import tta
from napari_uhrnet.evaluation.scoring.tta import averaged, turned_scene
from napari_uhrnet.geometry.turn import TURNS, Turn
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.base.protocol import PatchFeatures
from napari_uhrnet.scene.array import array_scene
from tests.engine.scenes import picture
from tests.models.tiny import CLASSES, tiny_model


class PixelNetwork:
    """Logits of a pixel from its own colours; with ``slant`` also from its column in the patch."""

    needs_frame = needs_neighbours = needs_whole_frame = encodes_with_frame = False
    needs_patches = True
    upsample, blend = "bilinear", "feather"
    branches = ("fused",)
    patch_px, frame_px, min_overlap_px = 32, 64, 8

    def __init__(self, slant=0.0):
        self.slant = slant

    def encode_patches(self, patches, views):
        logits = (patches[:, [1, 2, 0]] - 128) / 50
        logits[:, 0] += self.slant * torch.linspace(-1, 1, patches.shape[-1])
        return PatchFeatures(logits)

    def decode_patches(self, features, views):
        return {"fused": features}


def pixel_model(**options):
    return replace(tiny_model(), network=PixelNetwork(**options))


def scene_of(pixels, pixel_size_m=2.0):
    return array_scene([pixels], "made", pixel_size_m=pixel_size_m)


def all_labels(scene, model, views=8):
    """(h, w) ids of each branch."""
    with averaged(scene, model, views) as mean:
        return {b: mean.read(b, Window.of_shape(scene.shape_yx)) for b in model.branches}


@pytest.mark.parametrize("views", [4, 8])
def test_a_network_that_does_not_mind_turns_says_the_same(views):
    scene, model = scene_of(picture(75, 58)), pixel_model()
    labels = segment(scene, model)
    assert set(np.unique(labels)) == set(CLASSES.ids)
    np.testing.assert_array_equal(all_labels(scene, model, views)["fused"], labels)


@pytest.mark.parametrize(
    ("shape_yx", "turn"), [((181, 60), Turn(1, False)), ((90, 80), Turn(3, True))]
)
def test_the_average_of_a_turned_scene_is_the_turned_average_in_every_branch(shape_yx, turn):
    pixels, model = picture(*shape_yx), tiny_model()
    plain = all_labels(scene_of(pixels), model)
    turned = all_labels(scene_of(np.ascontiguousarray(turn.apply(pixels))), model)
    assert set(plain) == {"fused", "global", "local"}
    alone = segment(scene_of(pixels), model)
    assert (alone != plain["fused"]).any()
    for branch, labels in plain.items():
        np.testing.assert_array_equal(turned[branch], turn.apply(labels))


def test_shares_are_the_mean_over_the_views():
    pixels = np.full((32, 32, 3), 128, np.uint8)
    with averaged(scene_of(pixels), pixel_model(slant=2.0), 4) as mean:
        sums = mean.sums["fused"].astype(float)
    across = 2 * torch.linspace(-1, 1, 32)
    logits = torch.stack([across, torch.zeros(32), torch.zeros(32)])
    column = logits.softmax(0)[0].numpy()[None].repeat(32, axis=0)
    expected = sum(np.rot90(column, k) for k in range(4))
    np.testing.assert_allclose(sums[0] / (65535 // 8), expected, atol=4 / 8191)
    np.testing.assert_allclose(sums.sum(axis=0) / (65535 // 8), 4, atol=12 / 8191)


def test_pixels_without_data_stay_empty_and_scales_may_be_odd():
    pixels = np.dstack([picture(90, 71), np.full((90, 71), 255, np.uint8)])
    pixels[20:50, 10:40, 3] = 0
    scene, model = scene_of(pixels, pixel_size_m=1.37), tiny_model()
    alone = segment(scene, model)
    mean = all_labels(scene, model)["fused"]
    np.testing.assert_array_equal(mean == 255, alone == 255)
    assert (mean == 255).any()


def test_a_turned_scene_reads_as_the_scene_does():
    pixels = np.dstack([picture(40, 30), np.full((40, 30), 255, np.uint8)]).astype(np.uint16) * 7
    pixels[:9, :9, 3] = 0
    scene = scene_of(pixels)
    rgb, valid = scene.read(Window.of_shape(scene.shape_yx), 0)
    for turn in TURNS[8]:
        turned = turned_scene(scene, turn)
        window = Window(3, 5, 11, 13)
        seen, there = turned.read(window, 0)
        np.testing.assert_array_equal(seen, turn.apply(rgb)[window.slices])
        np.testing.assert_array_equal(there, turn.apply(valid)[window.slices])
        assert turned.pixel_size_m == 2.0


def test_scenes_that_are_too_large_are_refused(monkeypatch):
    monkeypatch.setattr(tta, "LARGEST_PX", 40 * 40 - 1)
    with (
        pytest.raises(UserError, match="made: has 1600 pixels"),
        averaged(scene_of(picture(40, 40)), pixel_model()),
    ):
        pass
