"""Fine-tuning on reviewed regions: what is kept, what is learned, what a broken-off run leaves."""

import json

import numpy as np
import pytest
import torch

from napari_uhrnet.engine.segment import segment
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.registry import load_model
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from napari_uhrnet.training.finetune import finetune as module
from napari_uhrnet.training.finetune.config import FineTuneConfig, scale_of
from napari_uhrnet.training.finetune.finetune import CHECKPOINT, RESULT, STATUS, finetune
from napari_uhrnet.training.finetune.reviewed import Corrected
from napari_uhrnet.training.loop.log import read_log
from napari_uhrnet.training.loop.trainer import BACKBONES
from napari_uhrnet.training.run.config_file import STOP
from tests.hidden import hide_extras
from tests.models.tiny import CLASSES
from tests.training.runs import tiny_checkpoint

PROJECT = ClassTable(
    "project",
    (
        LabelClass(0, "unknown", (0, 0, 0), ignore=True),
        LabelClass(2, "road", (9, 9, 9)),
        LabelClass(6, "field", (255, 255, 0)),
    ),
)
SHAPE = (400, 600)
PIECES = tuple(Window(y, x, 100, 100) for y in (20, 250) for x in (10, 210, 430))


@pytest.fixture
def start(tmp_path):
    """It predicts "field" nearly everywhere."""
    return load_model(tiny_checkpoint(tmp_path, seed=2), "cpu")


def truth():
    return np.where(np.indices(SHAPE).sum(axis=0) // 40 % 2, 2, 6).astype(np.uint8)


@pytest.fixture
def scenes(tmp_path):
    labels = truth()
    pixels = np.where(labels[..., None] == 2, 60, 190).astype(np.uint8).repeat(3, axis=2)
    with AnnotationStore.create(tmp_path / "store", SHAPE, PROJECT, "made") as store:
        for p in PIECES:
            store.mark_reviewed(p, labels[p.y : p.bottom, p.x : p.right], "checkpoint")
        yield [Corrected(array_scene([pixels], "made", pixel_size_m=2.0), store, 2.0)]


def settings(**changes):
    base = {"start": "tiny", "pixel_size_m": 2.0, "steps": 4, "crops": 1, "precision": "32-true"}
    return FineTuneConfig.model_validate(base | {"device": "cpu"} | changes)


def weights_in(folder):
    return load_model(folder / CHECKPOINT, "cpu").network.state_dict()


def test_a_run_leaves_a_checkpoint_and_scores_before_and_after(tmp_path, scenes, start):
    run, said = tmp_path / "run", []
    found = finetune(
        scenes, PROJECT, start, settings(steps=30), run, tell=lambda s: said.append(dict(s))
    )
    assert found == json.loads((run / RESULT).read_text())
    assert found["classes"] == ["road", "field"]
    assert found["held_out_px"] + found["trained_px"] == sum(p.height * p.width for p in PIECES)
    assert found["after"]["miou"] > found["before"]["miou"]
    tuned = load_model(run / CHECKPOINT, "cpu")
    assert [c.id for c in tuned.classes.classes] == [2, 6]
    assert tuned.card.pixel_size_m == 2.0
    assert tuned.card.metrics["held-out reviewed regions"] == found["after"]
    phases = [s["phase"] for s in said]
    assert list(dict.fromkeys(phases)) == [
        "preparing",
        "scoring before",
        "training",
        "scoring after",
        "done",
    ]
    assert json.loads((run / STATUS).read_text()) == said[-1]
    assert [int(row["step"]) for row in read_log(run / "log.csv")] == list(range(1, 31))


def test_fine_tuning_needs_no_extra(tmp_path, scenes, start, monkeypatch):
    hide_extras(monkeypatch)
    assert finetune(scenes, PROJECT, start, settings(steps=1), tmp_path / "run") is not None
    assert (tmp_path / "run" / CHECKPOINT).exists()


def test_logits_of_known_classes_are_kept_and_others_begin_anew(scenes, start):
    network = module._network(start, PROJECT.without_ignored(), settings())
    old, new = start.network.state_dict(), network.state_dict()
    field = [c.name for c in CLASSES.classes].index("field")
    assert torch.equal(new["fused_head.weight"][1], old["fused_head.weight"][field])
    assert not any(
        torch.equal(new["fused_head.weight"][0], row) for row in old["fused_head.weight"]
    )
    shared = [key for key in new if new[key].shape == old[key].shape]
    assert len(shared) > 50
    assert all(torch.equal(new[key], old[key]) for key in shared)


def test_heads_only_leaves_the_backbones_as_they_were(tmp_path, scenes, start):
    before = {k: v.clone() for k, v in start.network.state_dict().items()}
    finetune(scenes, PROJECT, start, settings(heads_only=True), tmp_path / "run")
    after = weights_in(tmp_path / "run")
    backbones = [k for k in after if any(part in k for part in BACKBONES)]
    assert len(backbones) > 50
    assert all(torch.equal(after[k], before[k]) for k in backbones)
    others = [k for k in after if k not in backbones and after[k].shape == before[k].shape]
    assert any(not torch.equal(after[k], before[k]) for k in others)


def test_the_start_is_not_changed(tmp_path, scenes, start):
    before = {k: v.clone() for k, v in start.network.state_dict().items()}
    finetune(scenes, PROJECT, start, settings(steps=1), tmp_path / "run")
    assert all(torch.equal(v, before[k]) for k, v in start.network.state_dict().items())


def test_only_reviewed_labels_that_are_not_held_out_are_learned(tmp_path, scenes, start):
    store, short = scenes[0].store, settings(steps=2)
    first = finetune(scenes, PROJECT, start, short, tmp_path / "a")
    store.write(Window(130, 0, 100, 600), np.full((100, 600), 2, np.uint8))
    _, held = module.hold_out(module.regions_of(0, store), short.held_out, short.seed)
    for w in (region.window for region in held):
        store.mark_reviewed(w, 8 - truth()[w.y : w.bottom, w.x : w.right], "checkpoint")
    second = finetune(scenes, PROJECT, start, short, tmp_path / "b")
    a, b = weights_in(tmp_path / "a"), weights_in(tmp_path / "b")
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert second["before"] != first["before"]
    trained = (PIECES[k] for k in range(6) if PIECES[k] not in [region.window for region in held])
    w = next(trained)
    store.mark_reviewed(w, 8 - truth()[w.y : w.bottom, w.x : w.right], "checkpoint")
    finetune(scenes, PROJECT, start, short, tmp_path / "c")
    c = weights_in(tmp_path / "c")
    assert not all(torch.equal(a[key], c[key]) for key in a)


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path, scenes, start):
    config = settings(steps=4)
    finetune(scenes, PROJECT, start, config, tmp_path / "whole")

    def stop_at_2(status):
        if (status["phase"], status["step"]) == ("training", 2):
            (tmp_path / "broken" / STOP).touch()

    assert finetune(scenes, PROJECT, start, config, tmp_path / "broken", tell=stop_at_2) is None
    status = json.loads((tmp_path / "broken" / STATUS).read_text())
    assert (status["phase"], status["step"]) == ("stopped", 2)
    assert not (tmp_path / "broken" / CHECKPOINT).exists()
    finetune(scenes, PROJECT, start, config, tmp_path / "broken")
    whole, broken = weights_in(tmp_path / "whole"), weights_in(tmp_path / "broken")
    assert all(torch.equal(whole[key], broken[key]) for key in whole)
    assert len(read_log(tmp_path / "broken" / "log.csv")) == 4


def test_a_failure_is_told(tmp_path, scenes, start):
    scenes[0].store.unmark_reviewed(Window(0, 0, *SHAPE))
    with pytest.raises(UserError, match="nothing is reviewed"):
        finetune(scenes, PROJECT, start, settings(), tmp_path / "run")
    status = json.loads((tmp_path / "run" / STATUS).read_text())
    assert status["phase"] == "failed"
    assert "nothing is reviewed" in status["message"]


def test_a_score_is_of_reviewed_pixels_only(scenes, start):
    """By brute force from the whole prediction."""
    regions = module.regions_of(0, scenes[0].store)[:2]
    found = module.score(scenes, regions, start, PROJECT, 2.0)
    prediction = segment(scenes[0].scene, start)
    right = total = 0
    for r in regions:
        rows, columns = slice(r.window.y, r.window.bottom), slice(r.window.x, r.window.right)
        total += r.reviewed_px
        right += int(((prediction[rows, columns] == 1) & (truth()[rows, columns] == 6)).sum())
    assert 0.3 < found["accuracy"] == pytest.approx(right / total)


def test_pixels_of_a_region_that_are_not_reviewed_do_not_count(scenes, start):
    """Labelled "field" as the prediction is, but painted only: counted, they would be right."""
    store, region = scenes[0].store, module.regions_of(0, scenes[0].store)[0]
    before = module.score(scenes, [region], start, PROJECT, 2.0)
    hole = Window(region.window.y + 20, region.window.x + 20, 60, 60)
    store.write(hole, np.full(hole.shape_yx, 6, np.uint8))
    store.unmark_reviewed(hole)
    (holed,) = (r for r in module.regions_of(0, store) if r.window == region.window)
    assert holed.reviewed_px == region.reviewed_px - hole.area_px
    found = module.score(scenes, [holed], start, PROJECT, 2.0)
    labels = truth()[region.window.slices]
    labels[hole.relative_to(region.window).slices] = 255
    prediction = segment(scenes[0].scene, start)[region.window.slices]
    right = ((prediction == 1) & (labels == 6)).sum()
    assert found["accuracy"] == pytest.approx(right / (labels != 255).sum())
    store.write(hole, np.full(hole.shape_yx, 2, np.uint8))
    assert module.score(scenes, [holed], start, PROJECT, 2.0) == found
    assert 0 < found["accuracy"] != before["accuracy"]


def test_a_start_that_knows_no_class_is_not_scored(scenes, start):
    other = ClassTable("other", (LabelClass(2, "road", (9, 9, 9)), LabelClass(6, "car", (1, 1, 1))))
    assert module.score(scenes, module.regions_of(0, scenes[0].store), start, other, 2.0) is None


def test_new_classes_are_looked_at_finely(scenes, start):
    fine = [Corrected(scenes[0].scene, scenes[0].store, 0.1)]
    cars = ClassTable(
        "cars", tuple(LabelClass(k, n, (k, k, k)) for k, n in enumerate(("car", "roof", "water")))
    )
    assert scale_of(fine, start, PROJECT) == start.card.pixel_size_m
    assert scale_of(fine, start, cars) == pytest.approx(0.3)
    assert scale_of(scenes, start, cars) == start.card.pixel_size_m
