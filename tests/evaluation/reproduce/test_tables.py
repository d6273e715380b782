"""From finished runs to the tables beside the published numbers."""

import json

import pytest

from napari_uhrnet.evaluation.reproduce.files import markdown, write_tables
from napari_uhrnet.evaluation.reproduce.rows import rows_of
from napari_uhrnet.evaluation.reproduce.settings import find_data
from napari_uhrnet.evaluation.reproduce.tables import tables
from tests.evaluation.reproductions import SCALE, finish_by_hand, settings

HITS = {
    "uhrnet-local-branch": (0.5, 0.4),
    "uhrnet-local-branch-llf": (0.6, 0.6),
    "uhrnet-global-branch": (0.55, 0.5),
    "uhrnet-both": (0.7, 0.8),
    "uhrnet-global": (0.9, 0.8),
}
"""Shares of hits of seed 0 and 1."""


@pytest.fixture
def found(tmp_path):
    wanted = settings(tmp_path)
    data, rows = find_data(wanted, print), rows_of(SCALE, "ablation")
    for row in rows:
        for seed, share in enumerate(HITS.get(row.run, ())):
            hits = {"val0": share + 0.05, "val1": share - 0.05}
            finish_by_hand(tmp_path / "run", row, seed, data, hits)
    return tables(tmp_path / "run", rows, 2, SCALE, wanted, data)


def test_mean_and_spread_over_seeds(found):
    rows = {row["key"]: row for row in found["rows"]}
    local = rows["local"]["measured"]["all"]["fused"]
    assert local["mean"] == pytest.approx(45) and local["seeds"] == 2
    assert local["sd"] == pytest.approx(50**0.5)  # of a sample: 50 and 40
    assert rows["local"]["published"] == 57.3
    assert rows["local"]["seconds"] == {"training": 10.0, "scoring": 2.0}
    assert rows["average"]["seeds"] == {} and rows["average"]["seconds"] is None
    assert found["scenes"] == {"all": 4, "tiles": 2, "full": 2}


def test_which_published_orders_hold(found):
    held = {(o["lower"], o["higher"]): o["parts"]["full"]["holds"] for o in found["orders"]}
    assert held == {
        ("local branch", "local branch, local fusion"): True,
        ("local branch, local fusion", "global branch"): False,
        ("global branch", "both branches"): True,
        ("both branches", "both branches, local fusion"): True,
    }
    assert found["orders"][0]["published"] == 5.8
    assert found["orders"][0]["parts"]["all"]["mean"] == pytest.approx(15)


def test_intervals_of_local_fusion_are_paired(found):
    alone, local_control, both, control, average = found["differences"]
    assert both["published"] == 1.1 and both["seeds"] == 2
    for part in ("all", "tiles", "full"):
        # Every scene gains the same, so that it makes no difference which are drawn.
        gap = both["parts"][part]
        for name in ("difference", "low", "high"):
            assert gap[name] == pytest.approx(10), (part, name)
    assert alone["parts"]["all"]["scenes"] == 4
    assert local_control["parts"] == control["parts"] == average["parts"] == {}
    assert control["published"] is None


def test_the_files(found, tmp_path):
    write_tables(tmp_path, found)
    assert json.loads((tmp_path / "tables.json").read_text()) == found
    text = (tmp_path / "tables.md").read_text()
    assert text == markdown(found)
    lines = text.splitlines()
    assert "| row | published | all | tiles | full | seeds | s training | s scoring |" in lines
    assert "| local branch | 57.3 | 45.0 ± 7.1 | 45.0 ± 7.1 | 45.0 ± 7.1 | 2 | 10 | 2 |" in lines
    control = "| control: average of local and global logits | - | - | - | - | 0 | - | - |"
    assert control in lines
    assert "- full: 3 of 4 hold." in lines
    assert any("does not hold (-7.5 ± 3.5)" in line for line in lines)
    assert any("+10.0 [+10.0, +10.0]" in line for line in lines)
    assert "Every row has 4 optimiser steps" in text and "the last 2 the fusions alone" in text
    assert "10 of 16 results are there" in text
    assert "Main table" not in text.replace("columns of the main table", "")
    for table in text.split("\n\n"):
        if table.startswith("|"):
            assert len({line.count("|") for line in table.splitlines()}) == 1
