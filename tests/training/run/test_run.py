"""Runs: what they leave, that they resume where they were, and how they stop."""

import csv
import os
import signal

import numpy as np
import pytest
import torch
from PIL import Image

from napari_uhrnet.errors import UserError
from napari_uhrnet.models.base.trained_on import image_key, keys
from napari_uhrnet.models.registry import load_model
from napari_uhrnet.training.run.config import TrainConfig
from napari_uhrnet.training.run.config_file import check_same, load_config, new_config
from napari_uhrnet.training.run.drawings import draw_curves
from tests.hidden import hide_extras
from tests.models.tiny import CLASSES
from tests.training.runs import run, settings, tiny_checkpoint


def weights(folder):
    return torch.load(folder / "state.pt")["average"]


def same(a, b):
    return all(torch.equal(v, b[k]) for k, v in a.items())


def steps_of(path):
    with path.open() as file:
        return [int(row["step"]) for row in csv.DictReader(file)]


def test_a_run_leaves_checkpoints_scores_and_pictures(tmp_path):
    out = tmp_path / "run"
    done, watcher = run(out, settings(tmp_path))
    assert done and watcher.steps == [1, 2, 3, 4, 5, 6]
    assert steps_of(out / "log.csv") == [1, 2, 3, 4, 5, 6]
    assert steps_of(out / "scores.csv") == [3, 6]
    assert sorted(p.name for p in (out / "pictures").iterdir()) == [
        "step_000003.png",
        "step_000006.png",
    ]
    assert Image.open(out / "curves.png").size == (900, 400)
    assert any((out / "tensorboard").iterdir())
    assert not list(out.rglob("*.part"))
    for name in ("last", "best"):
        model = load_model(out / f"{name}.safetensors", "cpu")
        assert model.classes == CLASSES and model.card.pixel_size_m == 2.0
    assert model.card.training["stages"] == [{"name": "joint", "steps": 6}]
    assert str(tmp_path) not in model.card.model_dump_json()
    assert any("memory" in note for note in watcher.notes)


def test_a_base_install_trains_and_notes_what_it_leaves_out(tmp_path, monkeypatch):
    hide_extras(monkeypatch)
    out = tmp_path / "run"
    done, watcher = run(out, settings(tmp_path))
    assert done and (out / "best.safetensors").exists()
    assert not (out / "curves.png").exists() and not (out / "tensorboard").exists()
    assert [note for note in watcher.notes if "extra" in note] == [
        f"left out: {what} needs the extra {extra}: pip install 'napari-uhrnet[{extra}]'"
        for what, extra in (("writing TensorBoard logs", "train"), ("drawing curves.png", "report"))
    ]


def test_several_devices_need_an_extra(tmp_path, monkeypatch):
    hide_extras(monkeypatch)
    with pytest.raises(UserError, match="several devices needs the extra train"):
        run(tmp_path / "run", settings(tmp_path, devices=2))
    assert not (tmp_path / "run").exists()


def test_a_device_that_is_not_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    with pytest.raises(UserError, match="'mps' is not available"):
        run(tmp_path / "run", settings(tmp_path, accelerator="mps"))


def test_the_card_knows_the_images_that_were_trained_on(tmp_path):
    out, before = tmp_path / "run", "0" * 8
    start = tiny_checkpoint(tmp_path / "other", trained_on=before)
    run(out, settings(tmp_path) | {"start": str(start)})
    images = sorted((tmp_path / "data" / "train" / "images").iterdir())
    known = keys(load_model(out / "last.safetensors", "cpu").card.trained_on)
    assert len(images) == 3 and known == {before, *map(image_key, images)}


def test_curves_without_scores_are_those_of_the_losses_alone(tmp_path):
    lines = "step,loss,fused\n1,2.0,1.0\n2,1.0,0.5\n"
    (tmp_path / "log.csv").write_text(lines)
    draw_curves(tmp_path)
    alone = np.asarray(Image.open(tmp_path / "curves.png").convert("L"))
    (tmp_path / "scores.csv").write_text("step,miou\n2,0.5\n")
    draw_curves(tmp_path)
    both = np.asarray(Image.open(tmp_path / "curves.png").convert("L"))
    gap = slice(alone.shape[1] * 2 // 5, alone.shape[1] * 3 // 5)  # where the second one begins
    frame = [(picture[:, gap] < 128).sum(axis=0).max() for picture in (alone, both)]
    assert frame[0] < alone.shape[0] // 2 < frame[1]


def test_the_best_is_the_one_with_the_highest_score(tmp_path):
    out = tmp_path / "run"
    run(out, settings(tmp_path, rate_heads=1e-2))
    with (out / "scores.csv").open() as file:
        rows = {int(r["step"]): float(r["miou"]) for r in csv.DictReader(file)}
    best = load_model(out / "best.safetensors", "cpu").card
    assert best.metrics["val"]["miou"] == pytest.approx(max(rows.values()), rel=1e-3)
    assert best.training["step"] == max(rows, key=lambda step: (rows[step], -step))


def test_a_picture_shows_image_truth_and_prediction(tmp_path):
    out = tmp_path / "run"
    run(out, settings(tmp_path, pictures=1))
    sheet = np.asarray(Image.open(out / "pictures" / "step_000006.png"))
    assert sheet.shape == (154, 3 * 150 + 8, 3)
    truth = np.asarray(Image.open(tmp_path / "data" / "val" / "masks" / "val0.png"))
    np.testing.assert_array_equal(sheet[:150, 154:304], truth)


def test_ctrl_c_saves_the_step_and_the_run_goes_on(tmp_path):
    config = settings(tmp_path)
    run(tmp_path / "a", config)
    done, watcher = run(
        tmp_path / "b", config, at=3, action=lambda: os.kill(os.getpid(), signal.SIGINT)
    )
    assert not done and watcher.steps == [1, 2, 3]
    done, watcher = run(tmp_path / "b", load_config(TrainConfig, tmp_path / "b"))
    assert done and watcher.steps == [4, 5, 6]
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert steps_of(tmp_path / "b" / "scores.csv") == [3, 6]


class Crash(Exception):
    pass


def _crash():
    raise Crash


STAGES = [{"name": name, "steps": 3} for name in ("global", "local")]


@pytest.mark.parametrize("at", [3, 5])
def test_stages_follow_each_other_with_or_without_a_break(at, tmp_path):
    config = settings(tmp_path, stages=STAGES)
    run(tmp_path / "a", config)
    with pytest.raises(Crash):
        run(tmp_path / "b", config, at=at, action=_crash)
    run(tmp_path / "b", load_config(TrainConfig, tmp_path / "b"))
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert steps_of(tmp_path / "b" / "log.csv") == [1, 2, 3, 4, 5, 6]


def test_a_memory_budget_chooses_and_keeps_the_patches_at_once(tmp_path, monkeypatch):
    class Meter:
        def reset(self):
            pass

        def peak_bytes(self):
            return next(peaks)

    peaks = iter([1_000_000_000, 1_100_000_000, 1])
    monkeypatch.setattr("napari_uhrnet.training.run.run.meter_of", lambda device: Meter())
    config = settings(tmp_path, memory_budget_bytes=1_350_000_000)
    config["stages"] = [{"name": "joint", "steps": 1}]
    _, watcher = run(tmp_path / "run", config)
    assert load_config(TrainConfig, tmp_path / "run").patches_at_once == 4
    assert "4 patches at once" in watcher.notes[0]


def test_the_picture_of_a_run_on_made_scenes_alone(tmp_path):
    config = settings(tmp_path, data=(), made=1, classes="deepglobe")
    config["stages"] = [{"name": "joint", "steps": 1}]
    done, _ = run(tmp_path / "run", config)
    card = load_model(tmp_path / "run" / "best.safetensors", "cpu").card
    assert done and card.metrics["val_views"] == 4 and len(card.classes.classes) == 6


def test_other_settings_are_refused_by_name(tmp_path):
    config = new_config(TrainConfig, settings(tmp_path))
    check_same(tmp_path, config, {"crop_px": 96})
    with pytest.raises(UserError, match="crop_px = 96, not 128"):
        check_same(tmp_path, config, {"crop_px": 128, "seed": 0})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"stages": [{"name": "last", "steps": 1}]}, "stages"),
        ({"zoom": (2, 1)}, "zoom"),
        ({"data": []}, "made scenes"),
        ({"seed": -1}, "seed"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change, reason, tmp_path):
    with pytest.raises(UserError, match=reason):
        new_config(TrainConfig, {"made": 0} | settings(tmp_path, **change))


def test_a_run_that_cannot_begin_leaves_nothing(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        run(tmp_path / "run", settings(tmp_path, data=[{"folder": tmp_path / "none"}]))
    assert not (tmp_path / "run").exists()
