"""The command `train`: refusals in one sentence, and a killed run that resumes."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch
import typer

from napari_uhrnet.cli.train import command as train_command
from napari_uhrnet.errors import UserError
from tests.training.runs import class_file, data_set, tiny_checkpoint

COMMAND = (sys.executable, "-m", "napari_uhrnet.cli.app")


@pytest.fixture
def call():
    app = typer.Typer(pretty_exceptions_enable=False)
    train_command.register(app)
    app.callback()(lambda: None)
    return lambda *words: app(["train", *map(str, words)], standalone_mode=False)


@pytest.fixture
def words(tmp_path):
    """Options of a short run."""
    data = data_set(tmp_path / "data")
    return [
        f"{data}@2",
        *("--classes", class_file(tmp_path), "--start", tiny_checkpoint(tmp_path)),
        *("--steps", 4, "--crop", 96, "--batch", 2, "--save-every", 2, "--accelerator", "cpu"),
    ]


def test_a_run_from_images_to_a_checkpoint(call, words, tmp_path, capsys):
    out = tmp_path / "run"
    call(*words, "--out", out, "--stage", "global:2,local", "--zoom", "0.9,1.1")
    assert "6 steps are done" in capsys.readouterr().out
    config = json.loads((out / "config.json").read_text())
    assert config["stages"] == [{"name": "global", "steps": 2}, {"name": "local", "steps": 4}]
    assert config["data"][0]["pixel_size_m"] == 2.0 and config["zoom"] == [0.9, 1.1]
    assert (out / "last.safetensors").exists()
    with pytest.raises(UserError, match="holds a run already"):
        call(*words, "--out", out)
    with pytest.raises(UserError, match="seed = 0, not 5"):
        call("--resume", "--out", out, "--seed", 5)


def test_what_cannot_be_is_refused_before_anything_is_written(call, words, tmp_path):
    out = tmp_path / "run"
    for more, reason in (
        (("--stage", "local:many"), "NAME:STEPS"),
        (("--stage", "first"), "stages"),
        (("--zoom", "2"), "two factors"),
        (("--memory-budget", "much"), "write it like 4GB"),
        (("--memory-budget", "1MB"), "more than the budget"),
        (("--crop", "3"), "crop_px"),
        (("--model", "none"), "no such network"),
        (("--backbone", "none"), "timm"),
        (("--split", "none.json"), "none.json"),
    ):
        with pytest.raises(UserError, match=reason):
            call(*words, "--out", out, *more)
        assert not out.exists(), more
    with pytest.raises(UserError, match="holds no run"):
        call("--resume", "--out", out)
    with pytest.raises(UserError, match="made scenes"):
        call("--out", out)


def test_a_run_killed_at_any_moment_ends_with_the_same_weights(call, words, tmp_path):
    """Slow: another interpreter is started."""
    call(*words, "--out", tmp_path / "a", "--steps", 12)
    arguments = ["train", *map(str, words), "--out", str(tmp_path / "b"), "--steps", "12"]
    child = subprocess.Popen(
        [*COMMAND, *arguments],
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
    )
    log, rows = tmp_path / "b" / "log.csv", 1 + random.randint(1, 9)
    while child.poll() is None and not (log.exists() and log.read_text().count("\n") > rows):
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    child.wait()
    call("--resume", "--out", tmp_path / "b")
    a, b = (torch.load(tmp_path / run / "state.pt") for run in "ab")
    assert a["step"] == b["step"] == 12
    for key in ("model", "average"):
        assert all(torch.equal(v, b[key][k]) for k, v in a[key].items())
    assert (tmp_path / "a" / "log.csv").read_text() == (tmp_path / "b" / "log.csv").read_text()


def test_two_devices_train_one_network(words, tmp_path):
    """Slow: the command in a new interpreter starts two processes."""
    words = ["train", *map(str, words), "--out", str(tmp_path / "run"), "--devices", "2"]
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "4 steps are done" in done.stdout
    assert "Starting with 2 processes" in done.stderr
    assert (tmp_path / "run" / "last.safetensors").exists()


def test_a_run_is_kept_apart_from_what_it_reads(call, words, tmp_path):
    for folder in (tmp_path / "data", tmp_path):
        with pytest.raises(UserError, match="choose another folder for the run"):
            call(*words, "--out", folder)
