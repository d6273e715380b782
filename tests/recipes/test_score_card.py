"""The scores in a checkpoint's card."""

import json
import sys

import pytest

from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.models.base.checkpoint import read_card, save_checkpoint
from napari_uhrnet.resources import resource_path
from recipes import score_card
from tests.evaluation.truths import write_pair
from tests.models.tiny import tiny_card, tiny_network

DEEPGLOBE = ClassTable.from_file(resource_path("palettes", "deepglobe.json"))


@pytest.fixture
def data(tmp_path):
    tiles, full = tmp_path / "deepglobe_tiles512", tmp_path / "deepglobe_full"
    for seed, name in enumerate(("0001", "0002", "0140", "0183")):
        write_pair(tiles, name, (40, 40), seed, table=DEEPGLOBE)
    write_pair(full, "77", (60, 50), 9, table=DEEPGLOBE)
    write_pair(full, "78", (60, 50), 9, table=DEEPGLOBE)
    groups = {"tiles": ["0001", "0140", "0183"], "full": ["77"]}
    split = {"val": groups, "train": {"tiles": ["0002"], "full": ["78"]}}
    (tmp_path / "split.json").write_text(json.dumps(split))
    return tmp_path


def test_quadrants_of_full_images_are_not_counted_twice(data):
    pairs, table = score_card.val_pairs(data, data / "split.json")
    assert [(p.folder, p.name, p.pixel_size_m) for p in pairs] == [
        ("deepglobe_tiles512", "0001", 1.196),
        ("deepglobe_full", "77", 0.5),
    ]
    assert table == DEEPGLOBE


def test_the_card_gets_one_score_of_both_sets_and_one_of_each(data, monkeypatch, capsys):
    path = data / "tiny.safetensors"
    card = tiny_card().model_copy(update={"class_table": with_deepglobe_names()})
    save_checkpoint(path, tiny_network().state_dict(), card)
    options = [str(path), "--data", str(data), "--split", str(data / "split.json")]
    monkeypatch.setattr(sys, "argv", ["score_card", *options])
    score_card.main()
    metrics = read_card(path).metrics
    assert list(metrics) == ["all (val)", "deepglobe_tiles512 (val)", "deepglobe_full (val)"]
    assert [s["scenes"] for s in metrics.values()] == [2, 1, 1]
    assert set(metrics["all (val)"]) == {"scenes", "majority", "fused", "global", "local"}
    area_m2 = 1600 * 1.196**2, 3000 * 0.5**2
    assert area_m2[0] > area_m2[1]
    accuracy = [s["local"]["accuracy"] for s in metrics.values()]
    assert min(accuracy[1:]) <= accuracy[0] <= max(accuracy[1:])
    assert json.loads(capsys.readouterr().out) == metrics
    assert not list(data.glob("*.part"))


def with_deepglobe_names():
    table = DEEPGLOBE.to_dict()
    return {"name": "deepglobe", "classes": table["classes"][1:4]}
