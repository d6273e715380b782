"""The panel of fine-tuning: what to do, how it goes, and what it gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QWidget,
)

from napari_uhrnet.session.finetune.run import Request
from napari_uhrnet.session.wording import duration
from napari_uhrnet.widgets.finetune.result import LossCurve, ScoreTable
from napari_uhrnet.widgets.kit.docks import DockPanel
from napari_uhrnet.widgets.kit.panel import Panel

if TYPE_CHECKING:
    from napari_uhrnet.session.finetune.run import FineTuneStatus

STEPS, MOST_STEPS = 150, 100_000
HELD_OUT = 25
HINT = (
    "Goes on training the network on what you marked as reviewed, in a process of its own. Part of "
    "it is held out, to see whether that helps."
)
DOING = {
    "starting": "Starting",
    "preparing": "Preparing",
    "scoring before": "Scoring the network as it is",
    "training": "Training",
    "scoring after": "Scoring what was learned",
}


class FineTunePanel(DockPanel):
    """Shows a `FineTuneStatus`; the person starts and stops, and takes the checkpoint."""

    start_pressed = Signal()
    resume_pressed = Signal()
    stop_pressed = Signal()
    use_pressed = Signal()

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._make_fields()
        self._make_run()
        self.curve = LossCurve()
        self.scores = ScoreTable()
        self.gained = QLabel(objectName="finetune_gained", wordWrap=True)
        self.use = QPushButton("Use this checkpoint", objectName="use_checkpoint")
        self.use.setToolTip("The next Segment, and this project from now on, take it")
        self._lay_out()
        self._connect()

    def request(self, model: str, device: str) -> Request:
        """What is asked for, from a network and on a device."""
        return Request(
            model=model,
            steps=self.steps.value(),
            pixel_size_m=self.pixel_size.value() or None,
            heads_only=self.heads_only.isChecked(),
            held_out=self.held_out.value() / 100,
            rehearse=self.rehearse.text().strip() or None,
            device=device,
        )

    def _make_fields(self) -> None:
        self.start_from = QLabel(objectName="finetune_model", wordWrap=True)
        self.steps = QSpinBox(objectName="finetune_steps")
        self.steps.setRange(1, MOST_STEPS)
        self.steps.setValue(STEPS)
        self.steps.setToolTip("Each takes a few seconds on a CPU")
        self.pixel_size = QDoubleSpinBox(objectName="finetune_pixel_size", decimals=3)
        self.pixel_size.setRange(0, 1000)
        self.pixel_size.setSuffix(" m")
        self.pixel_size.setSpecialValueText("automatic")
        self.pixel_size.setToolTip(
            "Metres per pixel that the network is to see. Automatic: as before if it knows half of "
            "the classes,\nelse three pixels of the finest scene"
        )
        self.held_out = QSpinBox(objectName="finetune_held_out", suffix=" % of it")
        self.held_out.setRange(0, 90)
        self.held_out.setValue(HELD_OUT)
        self.held_out.setToolTip(
            "Share of what is reviewed: whole regions are left out of training, and scored"
        )
        self.heads_only = QCheckBox("Only the heads", objectName="finetune_heads_only")
        self.heads_only.setToolTip("Leaves the backbones as they are: quicker, learns less")
        self.rehearse = QLineEdit(objectName="finetune_rehearse")
        self.rehearse.setPlaceholderText("folder of images and masks (optional)")
        self.rehearse.setToolTip(
            "Goes on learning from these, too, so that less is forgotten: DIR, or DIR@METRES"
        )
        self.browse = QPushButton("…", objectName="finetune_browse")
        self.browse.setFixedWidth(32)

    def _make_run(self) -> None:
        self.start = QPushButton("Start", objectName="finetune_start")
        self.resume = QPushButton("Go on", objectName="finetune_go_on")
        self.resume.setToolTip("Go on with the run that was stopped")
        self.stop = QPushButton("Stop", objectName="finetune_stop")
        self.stop.setToolTip("Stop after this step; it can be gone on with")
        self.bar = QProgressBar(objectName="finetune_progress")
        self.message = QLabel(HINT, objectName="finetune_message", wordWrap=True)

    def _lay_out(self) -> None:
        what, run = Panel("Fine-tune"), Panel("Run")
        rehearse = QWidget()
        row = QHBoxLayout(rehearse)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.rehearse, 1)
        row.addWidget(self.browse)
        for title, field in (
            ("From", self.start_from),
            ("Steps", self.steps),
            ("Pixel size", self.pixel_size),
            ("Hold out", self.held_out),
            ("Rehearse", rehearse),
            ("", self.heads_only),
        ):
            what.add_row(title, field)
        buttons = QHBoxLayout()
        for button in (self.start, self.resume, self.stop):
            buttons.addWidget(button, 1)
        run.column.addLayout(buttons)
        for widget in (self.bar, self.message, self.curve, self.scores, self.gained, self.use):
            run.column.addWidget(widget)
        self.column.addWidget(what)
        self.column.addWidget(run)
        self.column.addStretch(1)

    def _connect(self) -> None:
        self.start.clicked.connect(self.start_pressed)
        self.resume.clicked.connect(self.resume_pressed)
        self.stop.clicked.connect(self.stop_pressed)
        self.use.clicked.connect(self.use_pressed)
        self.browse.clicked.connect(self._on_browse)

    def _on_browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Images with masks to rehearse")
        if folder:
            self.rehearse.setText(folder)

    def show_start(self, name: str, problem: str, *, can_resume: bool) -> None:
        """The network to start from, and why it can't be, "" if it can."""
        self.start_from.setText(name)
        self._problem, self._can_resume = problem, can_resume

    def show_status(self, status: FineTuneStatus) -> None:
        """How the run goes; `show_start` comes first."""
        busy = status.busy
        self.start.setEnabled(not busy and not self._problem)
        self.start.setToolTip(self._problem or "Everything painted is on disk already")
        self.resume.setVisible(not busy and self._can_resume)
        self.stop.setVisible(busy)
        self.stop.setEnabled(status.phase == "running")
        self.bar.setVisible(busy)
        self.bar.setRange(0, 100 if status.doing == "training" else 0)
        self.bar.setValue(round(100 * status.share))
        self.message.setText(self._sentence(status))
        self.message.setVisible(bool(self.message.text()))
        self.curve.setVisible(bool(status.losses))
        self.curve.show_losses(status.losses)
        done = status.result is not None
        for widget in (self.scores, self.gained, self.use):
            widget.setVisible(done)
        if status.result is not None:
            self.gained.setText(self.scores.show_scores(status.result))

    def _sentence(self, status: FineTuneStatus) -> str:
        scale = f" at {status.pixel_size_m:.3g} m per pixel" if status.pixel_size_m else ""
        if status.phase == "stopping":
            return "Stopping after this step…"
        if not status.busy:
            return status.message or self._problem or ("" if status.result else HINT)
        doing = DOING.get(status.doing, status.doing)
        if status.doing != "training":
            return f"{doing}{scale}…"
        left = f", {duration(status.seconds_left)} left" if status.seconds_left else ""
        return f"{doing}{scale}: step {status.step} of {status.steps}{left}"
