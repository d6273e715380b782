"""Tables without a step twice, curves, and one sentence where the disk is full."""

import errno
import math
import resource

import numpy as np
import pytest
import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.training.loop import state
from napari_uhrnet.training.loop.log import StepLog, read_log
from napari_uhrnet.training.run.drawings import _curve, draw_curves


def test_rows_after_a_step_are_cut_off(tmp_path):
    path = tmp_path / "log.csv"
    log = StepLog(path, 0)
    for step in range(1, 5):
        log.add({"step": step, "loss": 1 / step, "fused": 0.5})
    log = StepLog(path, 2)
    log.add({"step": 3, "loss": 9.0, "other": 1.0})
    rows = read_log(path)
    assert [r["step"] for r in rows] == [1, 2, 3]
    assert [r["loss"] for r in rows] == [1.0, 0.5, 9.0]
    assert math.isnan(rows[2]["fused"]) and "other" not in rows[2]


def test_a_row_that_was_written_in_part_is_left_out(tmp_path):
    path = tmp_path / "log.csv"
    StepLog(path, 0, ("step", "loss")).add({"step": 1, "loss": 1.0})
    for rest in ("2", "2,1e", "\0\0"):
        with path.open("a") as file:
            file.write(rest)
        StepLog(path, 9)
        assert [r["step"] for r in read_log(path)] == [1], rest


def test_steps_are_written_in_full(tmp_path):
    log = StepLog(tmp_path / "log.csv", 0)
    log.add({"step": 1234567, "loss": 1.0})
    StepLog(tmp_path / "log.csv", 2_000_000)
    assert read_log(tmp_path / "log.csv")[0]["step"] == 1234567


def test_the_columns_of_an_older_table_are_kept(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("step,loss,fused\n1,0.5,0.4\n")
    StepLog(path, 1).add({"step": 2, "loss": 0.25, "global": 3.0})
    assert path.read_text().splitlines() == ["step,loss,fused", "1,0.5,0.4", "2,0.25,"]


def test_long_curves_are_averaged_and_gaps_left_out():
    steps, values = _curve([(float(k), float(k % 2)) for k in range(10_000)])
    assert len(steps) == 500 and np.allclose(values, 0.5)
    steps, values = _curve([(1.0, 2.0), (2.0, math.nan), (3.0, 4.0)])
    assert steps.tolist() == [1, 3] and values.tolist() == [2, 4]


def test_curves_of_a_run_without_scores(tmp_path):
    StepLog(tmp_path / "log.csv", 0).add({"step": 1, "loss": 1.0})
    draw_curves(tmp_path)
    assert (tmp_path / "curves.png").stat().st_size > 1000


def test_a_full_disk_is_one_sentence_and_leaves_the_old_state(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    good = {"step": 1, "model": {}, "average": {}, "optimizer": {}}
    state.write_state(path, good)

    def full(values, file):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(UserError, match="the disk is full"):
        state.write_state(path, good | {"step": 2})
    assert state.steps_done(path) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["state.pt"]


def test_a_disk_that_takes_no_more_is_one_sentence(tmp_path):
    """Torch says something else of it: here the system itself refuses to write on."""
    path, large = tmp_path / "state.pt", {"step": 1, "model": {"w": torch.zeros(1 << 18)}}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, before[1]))
    try:
        with pytest.raises(UserError, match="the disk is full"):
            state.write_state(path, large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
