"""Intervals against a case of two groups, and against scipy's."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.scoring.bootstrap import interval, miou_interval
from tests.models.tiny import CLASSES


def test_two_groups_by_hand():
    # Drawn are (1, 1), (1, 2), (2, 1), (2, 2): a quarter of the draws is the first group alone.
    a = {"first": [np.array(1.0)], "second": [np.array(3.0)]}
    b = {"first": [np.array(2.0)], "second": [np.array(8.0)]}
    found = interval(a, b, lambda counts: counts / 2)
    assert (found.low, found.difference, found.high) == (1.0, 3.0, 5.0)
    assert found.groups == 2


def test_interval_of_a_mean_is_scipy_s():
    rng = np.random.default_rng(5)
    a = rng.normal(0, 1, 40)
    b = a + rng.normal(0.3, 0.5, 40)
    ours = interval(
        {f"{k:02}": [np.array(v)] for k, v in enumerate(a)},
        {f"{k:02}": [np.array(v)] for k, v in enumerate(b)},
        lambda sums: sums / 40,
    )
    theirs = bootstrap(
        (a, b),
        lambda a, b, axis: b.mean(axis) - a.mean(axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=10_000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert ours.difference == pytest.approx(b.mean() - a.mean())
    assert ours.low == pytest.approx(theirs.low, abs=0.01)
    assert ours.high == pytest.approx(theirs.high, abs=0.01)
    # Unpaired it would be about three times as wide.
    assert ours.high - ours.low < 0.4


def scenes(rng, hits):
    """Counts of one to three scenes in each of six groups; more hits, a better model."""
    base = [rng.integers(1, 30, (3, 4)).astype(float) for _ in range(12)]
    better = [c + hits * np.eye(3, 4) for c in base]
    cuts = (0, 1, 3, 6, 8, 9, 12)
    return [{f"g{k}": some[cuts[k] : cuts[k + 1]] for k in range(6)} for some in (base, better)]


def test_scenes_of_a_group_stay_together_and_the_seed_decides():
    base, better = scenes(np.random.default_rng(0), 40)
    found = miou_interval(base, better, CLASSES, "ignore", draws=700)
    assert 0 < found.low < found.difference < found.high
    assert found == miou_interval(base, better, CLASSES, "ignore", draws=700)
    assert found != miou_interval(base, better, CLASSES, "ignore", draws=700, seed=1)
    merged = [{g: [sum(some)] for g, some in m.items()} for m in (base, better)]
    assert found == miou_interval(*merged, CLASSES, "ignore", draws=700)


def test_a_model_does_not_differ_from_itself():
    base, _ = scenes(np.random.default_rng(0), 1)
    found = miou_interval(base, base, CLASSES, "count", draws=50)
    assert (found.low, found.difference, found.high) == (0, 0, 0)


def test_other_scenes_and_single_groups_are_refused():
    base, better = scenes(np.random.default_rng(0), 1)
    with pytest.raises(UserError, match="same scenes"):
        miou_interval(base, {**better, "g0": better["g2"]}, CLASSES, "ignore")
    with pytest.raises(UserError, match="at least two groups"):
        miou_interval({"g0": base["g0"]}, {"g0": better["g0"]}, CLASSES, "ignore")
