"""The fine-tune panel: what it asks for and what it shows."""

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_uhrnet.session.correct.state import CorrectState
from napari_uhrnet.session.finetune.run import FineTuneStatus, FineTuning
from napari_uhrnet.session.state import SessionState
from napari_uhrnet.widgets.finetune import words
from napari_uhrnet.widgets.finetune.result import score_rows, smoothed
from napari_uhrnet.widgets.finetune.tool import FineTuneTool
from tests.models.tiny import tiny_card

LEFT = Qt.MouseButton.LeftButton
SCORES = {"miou": 0.5, "accuracy": 0.75, "iou": {"field": 0.25, "wood": 0.75}}
BETTER = {"miou": 0.625, "accuracy": 0.75, "iou": {"field": 0.5, "wood": 0.75}}
RESULT = {
    "checkpoint": "finetuned.safetensors",
    "before": SCORES,
    "after": BETTER,
    "held_out_px": 12345,
}


class Fake(FineTuning):
    """Remembers what it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def start(self, project, request):
        self.asked.append((project, request))
        self.tell(phase="running", doing="preparing", folder=project / "finetune" / "1")

    def stop(self):
        self.asked.append("stop")
        self.tell(phase="stopping")

    def resume(self, project, folder):
        self.asked.append(folder)

    def tell(self, **changes):
        self.status = replace(self.status, **changes)
        self.changed.emit(self.status)


@pytest.fixture
def made(qtbot, tmp_path):
    state = SessionState(model="tiny", card=tiny_card())
    correct = CorrectState(active=True, folder=str(tmp_path), reviewed_px={1: 500})
    run = Fake()
    tool = FineTuneTool(state, correct, run)
    qtbot.addWidget(tool.panel)
    tool.panel.show()
    return state, correct, run, tool


def test_what_is_asked_for(made, qtbot, tmp_path):
    _, _, run, tool = made
    panel = tool.panel
    panel.steps.setValue(40)
    panel.pixel_size.setValue(0.3)
    panel.heads_only.setChecked(True)
    panel.rehearse.setText(" data@0.5 ")
    qtbot.mouseClick(panel.start, LEFT)
    [(project, request)] = run.asked
    assert project == tmp_path
    assert " ".join(request.options()) == (
        "--model tiny --device auto --steps 40 --pixel-size 0.3 --held-out 0.25 "
        "--rehearse data@0.5 --heads-only"
    )


def test_automatic_is_left_to_the_command(made, qtbot):
    _, _, run, tool = made
    qtbot.mouseClick(tool.panel.start, LEFT)
    [(_, request)] = run.asked
    assert request.pixel_size_m is None and request.rehearse is None


def test_a_run_is_shown_and_stopped(made, qtbot):
    _, _, run, tool = made
    panel = tool.panel
    run.tell(
        phase="running",
        doing="training",
        step=3,
        steps=12,
        share=0.25,
        seconds_left=90.0,
        pixel_size_m=0.3,
        losses=(3.0, 2.0, 1.0),
    )
    assert panel.message.text() == "Training at 0.3 m per pixel: step 3 of 12, 2 min left"
    assert panel.bar.isVisible() and panel.bar.value() == 25
    assert panel.curve.isVisible() and not panel.start.isEnabled()
    x, y = panel.curve._raw.getData()
    assert list(x) == [1, 2, 3] and list(y) == [3, 2, 1]
    qtbot.mouseClick(panel.stop, LEFT)
    assert run.asked == ["stop"]
    assert panel.message.text() == words.STOPPING
    assert not panel.stop.isEnabled()


def test_the_checkpoint_is_taken(made, qtbot, tmp_path):
    state, _, run, tool = made
    assert not tool.panel.use.isVisible()
    run.tell(phase="done", folder=tmp_path / "finetune" / "1", result=RESULT)
    assert tool.panel.gained.text() == (
        "Better: mIoU 0.500 before, 0.625 after, on 12 345 held-out reviewed pixels."
    )
    qtbot.mouseClick(tool.panel.use, LEFT)
    assert state.model == str(tmp_path / "finetune" / "1" / "finetuned.safetensors")


def test_rows_of_the_table():
    assert score_rows(SCORES, BETTER) == [
        ("mIoU", "0.500", "0.625", "+0.125"),
        ("Accuracy", "0.750", "0.750", "+0.000"),
        ("field", "0.250", "0.500", "+0.250"),
        ("wood", "0.750", "0.750", "+0.000"),
    ]
    assert score_rows(None, BETTER)[0] == ("mIoU", "–", "0.625", "–")


def test_why_nothing_can_be_started(made):
    state, correct, _, tool = made
    panel = tool.panel
    assert panel.start.isEnabled()
    correct.reviewed_px = {}
    assert not panel.start.isEnabled() and panel.message.text() == words.NOTHING_REVIEWED
    correct.active = False
    assert panel.message.text() == words.CLOSED
    correct.active, correct.reviewed_px = True, {1: 5}
    state.model_problem, state.card = "no weights: load or train", None
    assert panel.message.text() == "no weights: load or train"


def test_a_run_that_was_interrupted_is_offered(made, qtbot, tmp_path):
    _, _, run, tool = made
    assert not tool.panel.resume.isVisible()
    folder = tmp_path / "finetune" / "20260101-120000"
    folder.mkdir(parents=True)
    (folder / "config.json").touch()
    run.tell(phase="failed", message="the disk is full")
    assert tool.panel.message.text() == "the disk is full"
    assert tool.panel.resume.isVisible()
    qtbot.mouseClick(tool.panel.resume, LEFT)
    assert run.asked == [folder]


def test_a_closed_panel_listens_no_more_and_the_run_goes_on(made):
    _, _, run, tool = made
    run.tell(phase="running", doing="training", step=1, steps=2)
    text = tool.panel.message.text()
    tool.panel.let_go()
    run.tell(step=2)
    assert tool.panel.message.text() == text
    assert run.asked == []


def test_the_running_mean_is_unbiased():
    np.testing.assert_allclose(smoothed([2.0, 2.0, 2.0]), 2.0)
    expected = (0.9 * 0.1 * 1.0 + 0.1 * 3.0) / (0.9 * 0.1 + 0.1)
    assert smoothed([1.0, 3.0])[1] == pytest.approx(expected)


def test_no_status_yet(made):
    _, _, run, tool = made
    assert run.status == FineTuneStatus()
    assert tool.panel.message.text() == words.HINT
