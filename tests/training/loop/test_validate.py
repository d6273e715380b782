"""Predictions during training are the engine's."""

import numpy as np
import pytest
import torch

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.registry import LoadedModel
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.training.data.frames import Frame
from napari_uhrnet.training.data.sampling import FrameSource
from napari_uhrnet.training.loop.validate import prediction, score, spread_places
from tests.engine.scenes import Bench
from tests.models.tiny import CLASSES, tiny_card
from tests.training.made import network_of

CPU = torch.device("cpu")


@pytest.mark.parametrize("kind", ["uhrnet", "into-frame", "glnet3"])
def test_a_frame_gets_the_engines_prediction(kind, tmp_path):
    network = network_of(kind).eval().requires_grad_(False)
    image = np.random.default_rng(0).integers(0, 256, (130, 150, 3), dtype=np.uint8)
    model = LoadedModel("tiny", network, tiny_card(), kind, CPU)
    scene = array_scene([image], "noise", pixel_size_m=2.0)
    expected = Bench(scene, tmp_path, model=model).all_of()["fused/labels"]
    assert len(np.unique(expected)) > 1
    assert (prediction(network, image, CLASSES, CPU) == expected).mean() > 0.999


def _source(name, shapes):
    frames = [Frame(name, np.zeros((*s, 3), np.uint8), np.full(s, 1, np.uint8)) for s in shapes]
    return FrameSource(name, 1.0, frames)


def test_places_are_spread_over_all_scenes_and_no_larger_than_a_frame():
    sources = [_source("a", [(50, 300)] * 3), _source("b", [(200, 90)] * 5)]
    assert len(spread_places(sources, 100, 99)) == 8
    places = spread_places(sources, 100, 4)
    assert [(p.source.name, p.which) for p in places] == [("a", 0), ("a", 2), ("b", 2), ("b", 4)]
    assert places[0].window == Window(0, 100, 50, 100)
    assert places[-1].window == Window(50, 0, 100, 90)
    assert spread_places(sources, 100, 0) == []


def test_scores_count_what_has_a_truth():
    network = network_of("uhrnet")
    source = _source("a", [(80, 80)])
    source.frames[0].labels[:40] = 255
    said = prediction(network, source.frames[0].pixels, CLASSES, CPU)
    scores = score(network, spread_places([source], 100, 1), CLASSES, CPU)
    assert scores.accuracy == pytest.approx((said[40:] == 1).mean())
