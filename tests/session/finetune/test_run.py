"""Fine-tuning in another process, here a small script that writes what the command writes."""

import json
import sys
import time

import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.finetune.run import (
    MESSAGES,
    RESULT,
    STOP,
    FineTuning,
    Request,
    unfinished,
)

CHILD = """
import json, pathlib, sys, time
words = sys.argv[1:]
out = pathlib.Path(words[words.index("--out") + 1])
(out / "words.json").write_text(json.dumps(words))
(out / "config.json").write_text("{}")
def say(phase, step=0, message=""):
    status = {"phase": phase, "step": step, "steps": 3, "share": step / 3, "seconds_left": 1.0,
              "message": message, "pixel_size_m": 0.3}
    (out / "status.json").write_text(json.dumps(status))
mode = pathlib.Path(words[0], "mode").read_text()
if mode == "bad":
    print("napari-uhrnet: a note", file=sys.stderr)
    print("napari-uhrnet: scene.tif: is not there", file=sys.stderr)
    sys.exit(2)
with open(out / "log.csv", "a") as log:
    log.write("step,loss,fused\\n1,0.9,0.8\\n2,0.7,0.6\\n3,0.")
say("training", 2)
if mode == "wait":
    while not (out / "stop").exists():
        time.sleep(0.01)
    say("stopped", 2)
    sys.exit(130)
if mode == "silent":
    sys.exit(1)
result = {"checkpoint": "finetuned.safetensors", "before": None, "after": None}
(out / "finetune.json").write_text(json.dumps(result))
say("done", 3)
"""


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "town.uhrnet"
    folder.mkdir()
    return folder


@pytest.fixture
def run(tmp_path):
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    return FineTuning((sys.executable, str(script)))


def wait(run, condition):
    """Poll as the panel does."""
    end = time.monotonic() + 60
    while not condition(run.status):
        assert time.monotonic() < end, run.status
        run.poll()
        time.sleep(0.01)


def test_a_run_is_watched_to_its_end(run, project):
    (project / "mode").write_text("good")
    seen = []
    run.changed.connect(seen.append)
    run.start(project, Request("uhrnet-light", steps=3, heads_only=True, rehearse="data@0.5"))
    folder = run.status.folder
    assert folder.parent == project / "finetune"
    assert seen[0].phase == "running"
    wait(run, lambda status: not status.busy)
    assert run.status.phase == "done"
    assert run.status.losses == (0.9, 0.7)  # the row that is half written does not count
    assert (run.status.step, run.status.steps, run.status.pixel_size_m) == (3, 3, 0.3)
    assert run.status.result["checkpoint"] == "finetuned.safetensors"
    assert seen[-1] == run.status
    words = json.loads((folder / "words.json").read_text())
    assert words == [
        str(project),
        "--out",
        str(folder),
        "--model",
        "uhrnet-light",
        "--device",
        "auto",
        "--steps",
        "3",
        "--rehearse",
        "data@0.5",
        "--heads-only",
    ]
    assert unfinished(project) is None


def test_a_stopped_run_is_gone_on_with_in_its_folder(run, project):
    (project / "mode").write_text("wait")
    run.start(project, Request("uhrnet-light"))
    wait(run, lambda status: status.step == 2)
    run.stop()
    assert run.status.phase == "stopping"
    wait(run, lambda status: not status.busy)
    assert run.status.phase == "stopped"
    folder = unfinished(project)
    assert folder == run.status.folder
    (project / "mode").write_text("good")
    again = FineTuning(run._command)
    again.resume(project, folder)
    assert not (folder / STOP).exists()
    wait(again, lambda status: not status.busy)
    assert again.status.phase == "done"
    assert json.loads((folder / "words.json").read_text())[-1] == "--resume"


def test_the_sentence_of_a_failure_is_shown(run, project):
    (project / "mode").write_text("bad")
    run.start(project, Request("uhrnet-light"))
    wait(run, lambda status: not status.busy)
    assert (run.status.phase, run.status.message) == ("failed", "scene.tif: is not there")


def test_a_process_that_dies_is_told(run, project):
    (project / "mode").write_text("silent")
    run.start(project, Request("uhrnet-light"))
    wait(run, lambda status: not status.busy)
    assert run.status.phase == "failed"
    assert "without a message" in run.status.message
    assert (run.status.folder / MESSAGES).read_text() == ""


def test_a_killed_process_is_told(run, project):
    (project / "mode").write_text("wait")
    run.start(project, Request("uhrnet-light"))
    wait(run, lambda status: status.step == 2)
    run._process.kill()
    wait(run, lambda status: not status.busy)
    assert run.status.phase == "failed"
    assert unfinished(project) == run.status.folder


def test_closing_the_window_asks_the_run_to_stop(run, project):
    (project / "mode").write_text("wait")
    run.start(project, Request("uhrnet-light"))
    wait(run, lambda status: status.step == 2)
    process = run._process
    run.close()
    assert process.wait(60) == 130
    assert not (run.status.folder / RESULT).exists()


def test_a_place_that_cannot_be_written(run, project):
    (project / "mode").write_text("good")
    (project / "finetune").write_text("a file is in the way")
    with pytest.raises(UserError, match="finetune"):
        run.start(project, Request("uhrnet-light"))
    assert not run.status.busy
