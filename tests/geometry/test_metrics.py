"""Scores against counting by hand and against torchmetrics."""

import numpy as np
import pytest
import torch
from torchmetrics.classification import MulticlassJaccardIndex

from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.metrics import Confusion

TABLE = ClassTable(
    "t",
    (
        LabelClass(0, "unknown", (0, 0, 0), ignore=True),
        LabelClass(1, "a", (1, 0, 0)),
        LabelClass(2, "b", (0, 1, 0)),
        LabelClass(5, "c", (0, 0, 1)),
    ),
)


def test_scores_are_torchmetrics():
    rng = np.random.default_rng(0)
    truth, guess = (rng.choice([1, 2, 5], (40, 50)).astype(np.uint8) for _ in range(2))
    confusion = Confusion()
    confusion.add(truth[:13], guess[:13])
    confusion.add(truth[13:], guess[13:])
    scores = confusion.scores(TABLE)
    to = np.zeros(256, int)
    to[[1, 2, 5]] = [0, 1, 2]
    metric = MulticlassJaccardIndex(3, average=None)
    expected = metric(torch.from_numpy(to[guess]), torch.from_numpy(to[truth])).numpy()
    np.testing.assert_allclose(list(scores.iou.values()), expected, atol=1e-6)
    assert scores.accuracy == pytest.approx((truth == guess).mean())
    assert scores.miou == pytest.approx(expected.mean(), abs=1e-6)


def test_unknown_truth_does_not_count_but_a_wrong_unknown_answer_does():
    confusion = Confusion()
    confusion.add(np.array([[0, 255, 1, 1]], np.uint8), np.array([[1, 1, 1, 0]], np.uint8))
    scores = confusion.scores(TABLE)
    assert scores.iou == {"a": 0.5, "b": 0.0, "c": 0.0}
    assert scores.accuracy == 0.5


def test_majority_is_the_commonest_truth():
    confusion = Confusion()
    confusion.add(np.array([1, 1, 1, 2], np.uint8), np.array([5, 5, 5, 5], np.uint8), weight=2)
    assert confusion.scores(TABLE).majority == 0.75
    assert confusion.counts.sum() == 8


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="differ"):
        Confusion().add(np.zeros(3, np.uint8), np.zeros(4, np.uint8))
