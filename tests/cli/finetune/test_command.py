"""The command ``finetune``: a project, a run folder, and refusals of bad input."""

import json

import numpy as np
import pytest
from PIL import Image

from napari_uhrnet.cli.app import BAD_INPUT, CANCELLED, run
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.registry import load_model
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.session.project.project import Project
from tests.models.tiny import CLASSES
from tests.training.runs import class_file, data_set, tiny_checkpoint

PIECES = (Window(10, 10, 80, 100), Window(200, 150, 90, 90), Window(10, 250, 80, 80))
SHAPE = (300, 340)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def project(tmp_path):
    labels = np.where(np.indices(SHAPE).sum(axis=0) // 40 % 2, 1, 5).astype(np.uint8)
    path = tmp_path / "scene.png"
    Image.fromarray(np.where(labels == 1, 60, 190).astype(np.uint8)).convert("RGB").save(path)
    made = Project.create(tmp_path / "project", CLASSES)
    with open_scene(path) as scene:
        made.add_scene(scene)
        with made.annotations(scene) as store:
            for p in PIECES:
                store.mark_reviewed(p, labels[p.y : p.bottom, p.x : p.right], "checkpoint")
    return made.folder


@pytest.fixture
def arguments(tmp_path, project):
    model = tiny_checkpoint(tmp_path, seed=2)
    common = ["finetune", project, "--out", tmp_path / "run", "--model", model]
    return [str(a) for a in (*common, "--steps", 2, "--device", "cpu")]


def test_a_run_from_a_project_to_a_checkpoint(tmp_path, arguments, capsys):
    data = data_set(tmp_path / "more", count=1)
    class_file(tmp_path).rename(data / "classes.json")
    assert run([*arguments, "--rehearse", f"{data}@2", "--seed", "3"]) == 0
    printed = capsys.readouterr()
    assert "no pixel size is known, 2 m is assumed" in printed.err
    assert "the network sees 2 m per pixel" in printed.err
    assert "held-out reviewed pixels" in printed.out
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["rehearsal"] == [{"folder": str(data), "pixel_size_m": 2.0}]
    assert (config["seed"], config["steps"], config["pixel_size_m"]) == (3, 2, 2.0)
    tuned = load_model(tmp_path / "run" / "finetuned.safetensors", "cpu")
    assert tuned.classes.to_dict()["classes"] == CLASSES.to_dict()["classes"]


def test_a_run_is_gone_on_with_only_as_it_was_started(tmp_path, arguments, capsys):
    assert run(arguments) == 0
    assert run(arguments) == BAD_INPUT
    assert "holds a run already: continue with --resume" in capsys.readouterr().err
    assert run([*arguments, "--resume"]) == 0
    assert run([*arguments, "--resume", "--seed", "4"]) == BAD_INPUT
    assert "started with seed = 0, not 4" in capsys.readouterr().err


def test_ctrl_c_saves_and_names_resume(tmp_path, arguments, capsys, monkeypatch):
    import signal

    from napari_uhrnet.training.finetune import finetune

    real = finetune.draw_batch

    def interrupted(*given):
        signal.raise_signal(signal.SIGINT)
        return real(*given)

    monkeypatch.setattr(finetune, "draw_batch", interrupted)
    assert run(arguments) == CANCELLED
    assert "--resume" in capsys.readouterr().out
    monkeypatch.undo()
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "cache"))
    assert run([*arguments, "--resume"]) == 0
    rows = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "1", "2"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--steps", "0"], "training: steps"),
        (["--held-out", "1"], "training: held_out"),
        (["--rehearse", "nowhere"], "nowhere"),
        (["--pixel-size", "0.01"], "check the pixel size"),
    ],
)
def test_bad_input_is_one_sentence(arguments, more, sentence, capsys):
    assert run([*arguments, *more]) == BAD_INPUT
    printed = capsys.readouterr().err.strip().splitlines()
    assert sentence in printed[-1]


def test_a_project_without_anything_reviewed(tmp_path, arguments, capsys):
    empty = Project.create(tmp_path / "empty", CLASSES)
    arguments[1] = str(empty.folder)
    assert run(arguments) == BAD_INPUT
    assert "nothing is reviewed in this project" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
