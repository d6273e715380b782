"""The points that are kept: a table, ways to one of them, and all of them as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from napari_uhrnet.session.inspect.pins import pins_csv
from napari_uhrnet.widgets.inspect import words
from napari_uhrnet.widgets.kit.panel import Panel

if TYPE_CHECKING:
    from napari_uhrnet.session.inspect.pins import Pin
    from napari_uhrnet.session.inspect.readout import Readout

TABLE_PX = 130


class PinsPanel(Panel):
    """Shows the pins of a `Readout`; the person goes to them, names and deletes them."""

    pin_pressed = Signal()
    go_pressed = Signal(object)
    """A `Pin`."""

    def __init__(self, readout: Readout, *, parent: QWidget | None = None) -> None:
        super().__init__(words.PINS, parent=parent)
        self._readout = readout
        self.table = QTableWidget(0, len(words.PIN_COLUMNS), objectName="pins")
        self.pin = QPushButton(words.PIN, objectName="pin")
        self.go = QPushButton(words.GO_TO, objectName="go_to_pin")
        self.delete = QPushButton(words.DELETE, objectName="delete_pin")
        self.save = QPushButton(words.SAVE, objectName="save_pins")
        self.message = QLabel(objectName="pins_message", wordWrap=True)
        self._prepare_table()
        self._lay_out()
        self._connect()
        self.show_pins()

    def _prepare_table(self) -> None:
        table = self.table
        table.setHorizontalHeaderLabels(words.PIN_COLUMNS)
        table.verticalHeader().hide()
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setMinimumHeight(TABLE_PX)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)

    def _lay_out(self) -> None:
        self.pin.setToolTip(words.PIN_TIP)
        self.go.setToolTip(words.GO_TO_TIP)
        self.delete.setToolTip(words.DELETE_TIP)
        self.save.setToolTip(words.SAVE_TIP)
        self.column.addWidget(self.table)
        for row in ((self.pin, self.go, self.delete), (self.save,)):
            buttons = QHBoxLayout()
            for button in row:
                buttons.addWidget(button, 1)
            self.column.addLayout(buttons)
        self.column.addWidget(self.message)

    def _connect(self) -> None:
        self.pin.clicked.connect(self.pin_pressed)
        self.go.clicked.connect(self._on_go)
        self.delete.clicked.connect(self._on_delete)
        self.save.clicked.connect(self._on_save)
        self.table.itemSelectionChanged.connect(self._on_selected)
        self.table.cellClicked.connect(self._on_selected)
        self.table.itemChanged.connect(self._on_edited)
        self._readout.pins_changed.connect(self.show_pins)
        self._readout.changed.connect(self._show_possible)

    def let_go(self) -> None:
        """Disconnect."""
        self._readout.pins_changed.disconnect(self.show_pins)
        self._readout.changed.disconnect(self._show_possible)

    def chosen(self) -> Pin | None:
        """The pin whose row is chosen."""
        row = self.table.currentRow()
        return self._readout.pins[row] if 0 <= row < len(self._readout.pins) else None

    def show_pins(self) -> None:
        """Fill the table; the chosen row stays chosen."""
        table, pins, row = self.table, self._readout.pins, self.table.currentRow()
        table.blockSignals(True)
        table.setRowCount(len(pins))
        for k, pin in enumerate(pins):
            for column, text in enumerate((pin.name, str(pin.y), str(pin.x), self._class_of(pin))):
                self._write(k, column, text)
        if row >= 0:
            table.selectRow(min(row, len(pins) - 1))
        table.blockSignals(False)
        self.message.setText(words.NO_PINS)
        self.message.setVisible(not pins)
        self._show_possible()

    def _write(self, row: int, column: int, text: str) -> None:
        # What does not change is left alone: the person may be typing in it.
        item = self.table.item(row, column)
        if item is None:
            self.table.setItem(row, column, _cell(text, editable=column == 0))
        elif item.text() != text:
            item.setText(text)

    def _class_of(self, pin: Pin) -> str:
        asked = self._readout.setting.asked
        predictions = pin.predictions.get(asked[0].model) if asked else None
        if predictions is None or predictions.problem:
            return words.CLASS_PENDING if predictions is None else words.CLASS_FAILED
        reading = predictions.reading
        if reading is None:
            return words.CLASS_NO_DATA
        return reading.classes.names[reading.branches["fused"].class_id]

    def _show_possible(self) -> None:
        self.pin.setEnabled(self._readout.shown is not None)
        self.save.setEnabled(bool(self._readout.pins))
        for button in (self.go, self.delete):
            button.setEnabled(self.chosen() is not None)

    def _on_selected(self) -> None:
        pin = self.chosen()
        if pin is not None:
            self._readout.show(pin)
        self._show_possible()

    def _on_edited(self, item: QTableWidgetItem) -> None:
        self._readout.rename(self._readout.pins[item.row()], item.text())

    def _on_go(self) -> None:
        self.go_pressed.emit(self.chosen())

    def _on_delete(self) -> None:
        pin = self.chosen()
        if pin is not None:
            self._readout.unpin(pin)

    def _on_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, words.SAVE_DIALOG, words.SAVE_NAME, words.SAVE_FILES
        )
        scene = self._readout.setting.scene
        if not path or scene is None:
            return
        try:
            Path(path).write_text(pins_csv(self._readout.pins, scene), encoding="utf-8", newline="")
            self.message.setText(words.saved(Path(path).name))
        except OSError as error:
            self.message.setText(words.not_saved(path, error.strerror))
        self.message.show()


def _cell(text: str, *, editable: bool) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    if not editable:
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
    return item
