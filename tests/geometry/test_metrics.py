"""Scores against counting by hand and against torchmetrics."""

import numpy as np
import pytest
import torch
from torchmetrics.classification import MulticlassAccuracy, MulticlassJaccardIndex

from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.metrics import Confusion, iou_of, scores_of

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


def test_unknown_truth_does_not_count_but_a_wrong_unknown_prediction_does():
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


def test_both_rules_for_unknown_are_torchmetrics():
    rng = np.random.default_rng(3)
    ids = np.array([0, 1, 2, 5], np.uint8)
    truth, guess = (rng.choice(ids, (60, 70)) for _ in range(2))
    guess[:20] = truth[:20]
    confusion = Confusion()
    confusion.add(truth, guess)
    channel = np.zeros(256, int)
    channel[ids] = range(4)
    predicted, true = torch.from_numpy(channel[guess]), torch.from_numpy(channel[truth])
    for rule, masked in (("count", None), ("ignore", 0)):
        jaccard = MulticlassJaccardIndex(4, average="none", ignore_index=masked)
        accuracy = MulticlassAccuracy(4, average="micro", ignore_index=masked)
        expected = jaccard(predicted, true).numpy()[1:]
        scores = confusion.scores(TABLE, rule)
        np.testing.assert_allclose(list(scores.iou.values()), expected, atol=1e-6)
        assert scores.miou == pytest.approx(expected.mean(), abs=1e-6)
        assert scores.accuracy == pytest.approx(float(accuracy(predicted, true)), abs=1e-6)


def test_among_gathers_all_other_predictions_in_the_last_column():
    confusion = Confusion()
    confusion.add(np.array([1, 1, 1, 2, 255], np.uint8), np.array([1, 7, 255, 5, 1], np.uint8))
    np.testing.assert_array_equal(
        confusion.among(TABLE),
        [[0, 0, 0, 0, 0], [0, 1, 0, 0, 2], [0, 0, 0, 1, 0], [0, 0, 0, 0, 0]],
    )


def test_iou_of_many_matrices_is_that_of_each():
    counts = np.random.default_rng(0).integers(0, 50, (7, 4, 5)).astype(float)
    for rule in ("count", "ignore"):
        together = iou_of(counts, TABLE, rule)
        for k in range(7):
            alone = scores_of(counts[k], TABLE, rule)
            np.testing.assert_allclose(together[k], list(alone.iou.values()))
