"""Scores through the engine, against torchmetrics on the whole arrays."""

import numpy as np
import pytest
import torch
from skimage.io import imsave
from torchmetrics.classification import MulticlassConfusionMatrix

from napari_uhrnet.engine.segment import segment
from napari_uhrnet.evaluation.evaluate import Pair, evaluate
from napari_uhrnet.scene.open import open_scene
from tests.engine.scenes import picture
from tests.models.tiny import CLASSES, tiny_model


@pytest.fixture
def pair(tmp_path):
    truth = CLASSES.ids[np.random.default_rng(1).integers(0, 3, (9, 11))]
    truth = truth.repeat(20, axis=0).repeat(20, axis=1)
    imsave(tmp_path / "a_sat.png", picture(180, 220), check_contrast=False)
    imsave(tmp_path / "a_mask.png", CLASSES.palette[truth], check_contrast=False)
    return Pair(tmp_path / "a_sat.png", tmp_path / "a_mask.png", 1.5), truth


def test_counts_are_those_of_the_whole_arrays_weighted_by_area(pair):
    pair, truth = pair
    model = tiny_model()
    [(_, counted)] = evaluate([pair], model, CLASSES)
    assert set(counted) == {"fused", "global", "local"}
    to_channel = torch.full((256,), -1)
    to_channel[torch.as_tensor(CLASSES.ids).long()] = torch.arange(3)
    for branch, confusion in counted.items():
        with open_scene(pair.image, pixel_size_m=1.5) as scene:
            labels = segment(scene, model, branch=branch)
        metric = MulticlassConfusionMatrix(3)
        expected = metric(
            to_channel[torch.from_numpy(labels).long()], to_channel[torch.from_numpy(truth).long()]
        )
        ours = confusion.counts[np.ix_(CLASSES.ids, CLASSES.ids)] / 1.5**2
        np.testing.assert_allclose(ours, expected.numpy())
        assert confusion.counts.sum() == pytest.approx(180 * 220 * 2.25)
