"""Predictions at a point, as a sentence and as bars, and the pins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QFileDialog, QLabel, QWidget

from napari_uhrnet.session.inspect.pins import likeliest, sentence
from napari_uhrnet.widgets.inspect import words
from napari_uhrnet.widgets.inspect.pins_panel import PinsPanel
from napari_uhrnet.widgets.kit.docks import DockPanel
from napari_uhrnet.widgets.kit.panel import Panel, narrow_combo
from napari_uhrnet.widgets.kit.probability_bars import COLOURS, ProbabilityBars

if TYPE_CHECKING:
    from collections.abc import Container

    from napari_uhrnet.session.inspect.pins import PointPrediction
    from napari_uhrnet.session.inspect.readout import Readout
    from napari_uhrnet.session.panel_job import JobStatus

MOST_CLASSES = 12
"""Of more classes only the most likely ones have bars."""


class ReadoutPanel(DockPanel):
    """Shows a `Readout`; the person chooses what is read."""

    other_chosen = Signal()
    file_chosen = Signal(str)
    """Path of a checkpoint to ask as the other network."""

    def __init__(self, readout: Readout, *, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._readout, self._hint = readout, words.MOVE_CURSOR
        self.follow = QCheckBox(words.FOLLOW, objectName="follow_cursor", checked=True)
        self.follow.setToolTip(words.FOLLOW_TIP)
        self.other = narrow_combo("readout_other")
        self.other.setToolTip(words.COMPARE_TO_TIP)
        self.place = QLabel(objectName="readout_place", wordWrap=True)
        self.predictions = (PredictionView("readout"), PredictionView("readout_other"))
        self.pins = PinsPanel(readout)
        self.offer({})
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        panel = Panel(words.AT_CURSOR)
        panel.add_row(words.COMPARE_TO, self.other)
        panel.column.addWidget(self.follow)
        panel.column.addWidget(self.place)
        for prediction in self.predictions:
            panel.column.addWidget(prediction)
        self.column.addWidget(panel)
        self.column.addWidget(self.pins)
        self.column.addStretch(1)

    def _connect(self) -> None:
        self.other.activated.connect(self._on_other)
        self._readout.changed.connect(self._show)
        self._readout.status_changed.connect(self._show_place)

    def let_go(self) -> None:
        """Disconnect."""
        if not self._closed:
            self._readout.changed.disconnect(self._show)
            self._readout.status_changed.disconnect(self._show_place)
            self.pins.let_go()
        super().let_go()

    def set_ink(self, colour: str) -> None:
        """Write beside the bars in a colour such as "#d1d2d4"."""
        for prediction in self.predictions:
            prediction.bars.set_ink(colour)

    def offer(self, titles: dict[str, str]) -> None:
        """Other networks that can be asked, by name; the chosen one stays so if it can."""
        before = self.chosen
        self.other.clear()
        self.other.addItem(words.NO_OTHER, "")
        for model, title in titles.items():
            self.other.addItem(title, model)
            self.other.setItemData(self.other.count() - 1, model, Qt.ItemDataRole.ToolTipRole)
        self.other.addItem(words.CHOOSE_FILE)
        self.choose(before if before in titles else "")

    @property
    def chosen(self) -> str:
        """Name of the other network that is asked, empty if none is."""
        return self.other.currentData() or ""

    def choose(self, model: str) -> None:
        """Choose one of the networks that are offered."""
        self.other.setCurrentIndex(self.other.findData(model))

    def hint(self, text: str) -> None:
        """Show a sentence while no point is shown."""
        self._hint = text
        self._show_place(self._readout.status)

    def _on_other(self) -> None:
        if self.other.currentText() != words.CHOOSE_FILE:
            self.other_chosen.emit()
            return
        self.choose("")
        path, _ = QFileDialog.getOpenFileName(self, words.FILE_DIALOG, "", words.FILES)
        if path:
            self.file_chosen.emit(path)
        else:
            self.other_chosen.emit()

    def _show_place(self, status: JobStatus) -> None:
        point = self._readout.shown
        if status.message or point is None:
            reading = words.COMPUTING if status.busy else ""
            self.place.setText(status.message or reading or self._hint)
            return
        self.place.setText(words.place(point.name, point.y, point.x, busy=status.busy))

    def _show(self) -> None:
        point, asked = self._readout.shown, self._readout.setting.asked
        for k, prediction in enumerate(self.predictions):
            is_asked = k < len(asked) and point is not None
            prediction.setVisible(is_asked)
            if point is not None and is_asked:
                prediction.show_predictions(asked[k].title, point.predictions.get(asked[k].model))
        self._show_place(self._readout.status)


class PredictionView(Panel):
    """The prediction of one network: a sentence, a key to the colours, and bars."""

    def __init__(self, name: str, *, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.words = QLabel(objectName=f"{name}_words", wordWrap=True)
        self.key = QLabel(objectName=f"{name}_key")
        self.bars = ProbabilityBars(f"{name}_bars")
        for widget in (self.words, self.key, self.bars):
            self.column.addWidget(widget)

    def show_predictions(self, title: str, predictions: PointPrediction | None) -> None:
        """Show a prediction, or that there is none yet."""
        self.setTitle(title)
        reading = None if predictions is None else predictions.reading
        for widget in (self.key, self.bars):
            widget.setVisible(reading is not None)
        if reading is not None:
            self.words.setText(sentence(reading))
            self.key.setText(_key_of(reading.branches))
            self.bars.show_reading(reading, likeliest(reading, MOST_CLASSES))
        else:
            self.words.setText(
                words.COMPUTING if predictions is None else predictions.problem or words.NO_DATA
            )


def _key_of(branches: Container[str]) -> str:
    squares = (
        f'<span style="color: {colour}">■</span> {name}'
        for name, colour in COLOURS.items()
        if name in branches
    )
    return "&nbsp;&nbsp;&nbsp;".join(squares)
