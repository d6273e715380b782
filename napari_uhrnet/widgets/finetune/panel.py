"""The panel of fine-tuning: settings, progress and result."""

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
from napari_uhrnet.widgets.finetune import words
from napari_uhrnet.widgets.finetune.result import LossCurve, ScoreTable
from napari_uhrnet.widgets.kit.docks import DockPanel
from napari_uhrnet.widgets.kit.panel import Panel

if TYPE_CHECKING:
    from napari_uhrnet.session.finetune.run import FineTuneStatus

STEPS, MOST_STEPS = 150, 100_000
HELD_OUT = 25


class FineTunePanel(DockPanel):
    """Gives a `Request` and shows a `FineTuneStatus`."""

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
        self.use = QPushButton(words.USE, objectName="use_checkpoint")
        self.use.setToolTip(words.USE_TIP)
        self._lay_out()
        self._connect()

    def request(self, model: str, device: str) -> Request:
        """The settings of a run from this network on this device."""
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
        self.steps.setToolTip(words.STEPS_TIP)
        self.pixel_size = QDoubleSpinBox(objectName="finetune_pixel_size", decimals=3)
        self.pixel_size.setRange(0, 1000)
        self.pixel_size.setSuffix(" m")
        self.pixel_size.setSpecialValueText(words.AUTOMATIC)
        self.pixel_size.setToolTip(words.PIXEL_SIZE_TIP)
        self.held_out = QSpinBox(objectName="finetune_held_out", suffix=" %")
        self.held_out.setRange(0, 90)
        self.held_out.setValue(HELD_OUT)
        self.held_out.setToolTip(words.HELD_OUT_TIP)
        self.heads_only = QCheckBox(words.HEADS_ONLY, objectName="finetune_heads_only")
        self.heads_only.setToolTip(words.HEADS_ONLY_TIP)
        self.rehearse = QLineEdit(objectName="finetune_rehearse")
        self.rehearse.setPlaceholderText(words.REHEARSE_HINT)
        self.rehearse.setToolTip(words.REHEARSE_TIP)
        self.browse = QPushButton(words.CHOOSE, objectName="finetune_browse")
        self.browse.setToolTip(words.REHEARSE_DIALOG)
        self.browse.setFixedWidth(32)

    def _make_run(self) -> None:
        self.start = QPushButton(words.START, objectName="finetune_start")
        self.resume = QPushButton(words.RESUME, objectName="finetune_go_on")
        self.resume.setToolTip(words.RESUME_TIP)
        self.stop = QPushButton(words.STOP, objectName="finetune_stop")
        self.stop.setToolTip(words.STOP_TIP)
        self.bar = QProgressBar(objectName="finetune_progress")
        self.message = QLabel(words.HINT, objectName="finetune_message", wordWrap=True)

    def _lay_out(self) -> None:
        what, run = Panel(words.TITLE), Panel(words.RUN)
        rehearse = QWidget()
        row = QHBoxLayout(rehearse)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.rehearse, 1)
        row.addWidget(self.browse)
        for title, field in (
            (words.NETWORK, self.start_from),
            (words.STEPS, self.steps),
            (words.PIXEL_SIZE, self.pixel_size),
            (words.HELD_OUT, self.held_out),
            (words.REHEARSE, rehearse),
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
        folder = QFileDialog.getExistingDirectory(self, words.REHEARSE_DIALOG)
        if folder:
            self.rehearse.setText(folder)

    def show_start(self, name: str, problem: str, *, can_resume: bool) -> None:
        """The network to start from, and why nothing can be started, "" if it can."""
        self.start_from.setText(name)
        self._problem, self._can_resume = problem, can_resume

    def show_status(self, status: FineTuneStatus) -> None:
        """Show the state of the run; call `show_start` first."""
        busy = status.busy
        self.start.setEnabled(not busy and not self._problem)
        self.start.setToolTip(self._problem or words.START_TIP)
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
        if status.phase == "stopping":
            return words.STOPPING
        if status.busy:
            return words.doing(status)
        return status.message or self._problem or ("" if status.result else words.HINT)
