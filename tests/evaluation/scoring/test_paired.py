"""Two networks with several seeds on the same scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.scoring.bootstrap import miou_interval
from napari_uhrnet.evaluation.scoring.counts import BranchCounts, SceneCounts
from napari_uhrnet.evaluation.scoring.paired import paired, read_groups, table
from napari_uhrnet.evaluation.scoring.truth_pairs import TruthPair
from napari_uhrnet.geometry.classes import ClassTable, LabelClass

CLASSES = ClassTable(
    "letters", tuple(LabelClass(k, name, (k, 0, 0)) for k, name in enumerate("abc"))
)
SIZES = {"tiles": 2.0, "full": 0.5}


def scene(folder, name, rng):
    pairs = rng.integers(0, 50, (3, 4)).astype(float)
    pair = TruthPair(name, Path(name), Path(name), folder=folder)
    return SceneCounts(pair, SIZES[folder], {"fused": BranchCounts(pairs, np.zeros((4, 3)))})


def runs(seed):
    rng = np.random.default_rng(seed)
    names = [("tiles", "t0"), ("tiles", "t1"), ("tiles", "t2"), ("full", "f0")]
    return [[scene(folder, name, rng) for folder, name in names] for _ in range(3)]


def miou(counts):
    hit = np.diag(counts)
    return float(np.mean(hit / (counts.sum(axis=1) + counts[:, :3].sum(axis=0) - hit)))


def on_ground(scenes, folders=("tiles", "full")):
    return sum(
        s.branches["fused"].pairs * SIZES[s.pair.folder] ** 2
        for s in scenes
        if s.pair.folder in folders
    )


def test_each_seed_is_scored_by_ground_area_and_parts_apart():
    a, b = runs(0), runs(1)
    found = paired(a, b, CLASSES, "ignore", {})
    assert list(found) == ["all", "tiles", "full"]
    assert found["all"]["a"] == pytest.approx([miou(on_ground(s)) for s in a])
    assert found["tiles"]["b"] == pytest.approx([miou(on_ground(s, ["tiles"])) for s in b])
    assert found["full"]["difference"] is None  # one scene: nothing to draw from


def test_the_difference_is_b_minus_a_of_counts_summed_over_seeds():
    a, b = runs(0), runs(1)
    found = paired(a, b, CLASSES, "ignore", {})["all"]
    summed = [miou(sum(on_ground(s) for s in runs)) for runs in (a, b)]
    assert found["difference"] == pytest.approx(summed[1] - summed[0])
    assert found["low"] <= found["difference"] <= found["high"]
    assert found["groups"] == 4


def test_scenes_of_a_group_are_drawn_together():
    a, b = runs(0), runs(1)
    found = paired(a, b, CLASSES, "ignore", {"t0": "g", "t1": "g"})["tiles"]
    grouped = [
        {
            name: [s.branches["fused"].pairs * 4 for run in runs for s in run if s.pair.name in of]
            for name, of in (("g", ("t0", "t1")), ("tiles/t2", ("t2",)))
        }
        for runs in (a, b)
    ]
    expected = miou_interval(*grouped, CLASSES, "ignore")
    assert (found["low"], found["high"], found["groups"]) == (expected.low, expected.high, 2)


def test_a_model_against_itself_differs_by_nothing():
    a = runs(0)
    found = paired(a, a, CLASSES, "ignore", {})["all"]
    assert found["difference"] == found["low"] == found["high"] == 0
    assert "+0.0 (+0.0 to +0.0; 4 groups)" in table({"all": found}, "x", "y")


def test_groups_come_from_a_csv_with_their_columns(tmp_path):
    path = tmp_path / "groups.csv"
    path.write_text("id,group,more\n0001,7,x\n", encoding="utf-8")
    assert read_groups(path) == {"0001": "7"}
    path.write_text("name\n1\n", encoding="utf-8")
    with pytest.raises(UserError, match="columns id and group"):
        read_groups(path)
