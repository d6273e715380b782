"""From counts to scores by hand, and what is written of them."""

import csv
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.scoring.boundary import Tolerance
from napari_uhrnet.evaluation.scoring.counts import BranchCounts, SceneCounts
from napari_uhrnet.evaluation.scoring.evaluate import Settings
from napari_uhrnet.evaluation.scoring.figure import Row, easy_middling_hard, write_figure
from napari_uhrnet.evaluation.scoring.score_files import (
    markdown,
    row_shares,
    write_confusion,
    write_csv,
    write_json,
)
from napari_uhrnet.evaluation.scoring.scores import all_scores, scene_rows
from napari_uhrnet.evaluation.scoring.truth_pairs import TruthPair
from napari_uhrnet.models.base.trained_on import joined
from tests.evaluation.truths import TRUTH
from tests.models.tiny import tiny_model

UNKNOWN, WATER, WOOD, FIELD, ROCK, OTHER = range(6)


def scene(name, entries, pixel_size_m=1.0, folder="f", met=(1.0, 1.0, 2.0, 2.0)):
    """Counts from {(true, predicted): pixels}; boundaries of water only."""
    pairs, edges = np.zeros((5, 6)), np.zeros((4, 5))
    for place, count in entries.items():
        pairs[place] = count
    edges[:, WATER] = met
    pair = TruthPair(name, None, None, pixel_size_m, folder)
    return SceneCounts(pair, pixel_size_m, {"fused": BranchCounts(pairs, edges)})


FINE = scene("fine", {(WATER, WATER): 6, (WATER, WOOD): 2, (UNKNOWN, WATER): 4}, 1.0)
COARSE = scene("coarse", {(WATER, WATER): 1, (WOOD, WOOD): 1}, 2.0, "g", (4.0, 0.0, 4.0, 0.0))


def of(scenes, unknown="ignore"):
    return all_scores(scenes, tiny_model(), TRUTH, Settings(unknown, Tolerance(3, "px")))


def test_scenes_that_were_trained_on_are_noted(tmp_path):
    scenes = []
    for name in ("a.tif", "b.tif"):
        (tmp_path / name).write_bytes(name.encode() * 3)
        found = scene(name, {(WATER, WATER): 6})
        scenes.append(replace(found, pair=replace(found.pair, image=tmp_path / name)))
    card = tiny_model().card.model_copy(update={"trained_on": joined([tmp_path / "b.tif"])})
    model = replace(tiny_model(), card=card)
    told = [
        all_scores(some, model, TRUTH, Settings())["details"]["notes"]
        for some in (scenes, scenes[:1])
    ]
    assert "1 of 2 scenes were trained on: expect lower scores on new ones" in told[0]
    assert not any("trained on" in note for note in told[1])


def test_pixels_weigh_their_ground_area_and_boundaries_their_length():
    scores = of([FINE, COARSE])
    assert scores["fused"]["iou"] == {"water": 10 / 12, "wood": 4 / 6, "field": 0, "rock": 0}
    assert scores["fused"]["accuracy"] == 14 / 16
    assert scores["fused"]["majority"] == 12 / 16
    # 1 m of 1 m + 8 m is met, and 2 m of 2 m + 8 m.
    precision, recall = 1 / 9, 2 / 10
    f1 = 2 * precision * recall / (precision + recall)
    assert scores["fused"]["boundary_f1"]["classes"]["water"] == pytest.approx(f1)
    assert scores["fused"]["boundary_f1"]["classes"]["rock"] is None
    assert scores["fused"]["boundary_f1"]["mean"] == pytest.approx(f1)
    assert scores["details"]["weights"] == "m2"


def test_one_scene_of_unknown_scale_and_nothing_is_weighted():
    unsized = SceneCounts(COARSE.pair, None, COARSE.branches)
    scores = of([FINE, unsized])
    assert scores["fused"]["iou"]["water"] == 7 / 9
    assert scores["details"]["weights"] == "px"
    assert any("1 of 2 scenes have no pixel size" in n for n in scores["details"]["notes"])


def test_unknown_truth_counts_as_a_false_positive_or_not_at_all():
    assert of([FINE], "ignore")["fused"]["iou"]["water"] == 6 / 8
    counted = of([FINE], "count")
    assert counted["fused"]["iou"]["water"] == 6 / 12
    assert counted["fused"]["accuracy"] == 6 / 12
    assert counted["details"]["unknown"] == "count"
    assert any("false positive" in note for note in counted["details"]["notes"])


def test_json_has_branches_and_details_and_a_score_for_each_folder(tmp_path):
    scores = of([FINE, COARSE])
    assert set(scores) == {"fused", "details"}
    folders = scores["details"]["folders"]
    assert folders["f"]["fused"] == of([FINE])["fused"] and folders["f"]["scenes"] == 1
    assert folders["g"]["fused"]["accuracy"] == 1
    assert any("model lacks: rock" in note for note in scores["details"]["notes"])
    write_json(tmp_path / "s.json", scores)
    assert json.loads((tmp_path / "s.json").read_text()) == scores
    assert [p.name for p in tmp_path.iterdir()] == ["s.json"]


def test_the_table_has_a_row_per_branch_and_says_the_rules():
    text = markdown(of([FINE, COARSE]))
    assert "| fused | 0.375 | 0.875 |" in text
    assert "| 0.833 | 0.667 | 0.000 | 0.000 |" in text
    assert "## g: 1 scenes" in text and "ground area" in text and "left out" in text


def test_a_row_per_scene_leaves_classes_blank_that_do_not_occur(tmp_path):
    rows = scene_rows([FINE, COARSE], TRUTH, "ignore")
    write_csv(tmp_path / "scenes.csv", rows)
    with (tmp_path / "scenes.csv").open() as file:
        fine, coarse = csv.DictReader(file)
    assert (fine["folder"], fine["scene"], fine["branch"]) == ("f", "fine", "fused")
    assert (fine["water"], fine["wood"], fine["rock"]) == ("0.75", "0.0", "")
    assert float(fine["miou"]) == 0.375 and coarse["miou"] == "1.0"
    assert coarse["pixel_size_m"] == "2.0"


def test_rows_of_the_confusion_matrix_add_up_to_one(tmp_path):
    shares = row_shares(FINE.branches["fused"].pairs)
    assert shares[WATER, WATER] == 0.75 and shares[WATER].sum() == 1
    assert np.isnan(shares[ROCK]).all()
    write_confusion(tmp_path / "confusion.png", of([FINE, COARSE]))
    assert Image.open(tmp_path / "confusion.png").size[0] > 300


def test_easy_middling_and_hard_are_by_accuracy():
    def right(name, share):
        return scene(name, {(WATER, WATER): share, (WATER, WOOD): 10 - share})

    scenes = [right("a", 3), right("b", 9), right("c", 1), right("d", 5), right("e", 4)]
    assert easy_middling_hard(scenes, TRUTH, "ignore") == {"easy": 1, "middling": 4, "hard": 2}
    assert easy_middling_hard(scenes[:2], TRUTH, "ignore") == {"easy": 1, "hard": 0}
    assert easy_middling_hard(scenes[:1], TRUTH, "ignore") == {"easy": 0}


def test_the_figure_has_a_row_per_image(tmp_path):
    image, ids = np.zeros((20, 30, 3), np.uint8), np.ones((20, 30), np.uint8)
    rows = [Row(title, image, {"truth": ids, "tiny": ids}) for title in ("easy: a", "hard: b")]
    write_figure(tmp_path / "two.png", rows, TRUTH)
    write_figure(tmp_path / "one.png", rows[:1], TRUTH)
    two, one = (
        np.asarray(Image.open(tmp_path / f"{n}.png").convert("RGB")) for n in ("two", "one")
    )
    assert two.shape[0] > 1.5 * one.shape[0] and two.shape[1] == one.shape[1]
    blue = (two == (0, 0, 255)).all(axis=-1)
    assert blue.mean() > 0.2  # two of three columns are water


def test_pictures_without_matplotlib_name_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    row = Row("easy: a", np.zeros((2, 2, 3), np.uint8), {"tiny": np.ones((2, 2), np.uint8)})
    for draw in (
        lambda: write_confusion(tmp_path / "confusion.png", of([FINE])),
        lambda: write_figure(tmp_path / "figure.png", [row], TRUTH),
    ):
        with pytest.raises(UserError, match=r"napari-uhrnet\[report\]"):
            draw()
    assert list(tmp_path.iterdir()) == []
