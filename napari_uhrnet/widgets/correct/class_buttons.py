"""One row for each class: select it to paint with, protect it, see how many pixels it has."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QCheckBox, QGridLayout, QLabel, QPushButton, QWidget

from napari_uhrnet.widgets.correct import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_uhrnet.geometry.classes import LabelClass
    from napari_uhrnet.session.correct.state import CorrectState

SWATCH_PX = 14
NARROW_PX = 90


class ClassButtons(QWidget):
    """The classes of the project; keys 1 to 9 select the first nine in the canvas."""

    def __init__(self, state: CorrectState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.buttons: dict[int, QPushButton] = {}
        self.protect: dict[int, QCheckBox] = {}
        self._counts: dict[int, QLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        events = state.events
        events.classes.connect(self._build)
        events.class_id.connect(self._show_chosen)
        events.protected.connect(self._show_protected)
        events.labelled_px.connect(self._show_counts)
        self._build()

    def _build(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            item.widget().deleteLater()
        for rows in (self.buttons, self.protect, self._counts):
            rows.clear()
        table = self._state.classes
        if table is None:
            return
        for column, title in enumerate(words.CLASS_HEADINGS):
            self._grid.addWidget(QLabel(title), 0, column)
        for k, entry in enumerate(table.classes, 1):
            self._add_row(k, entry)
        self._show_chosen()
        self._show_protected()
        self._show_counts()

    def _add_row(self, k: int, entry: LabelClass) -> None:
        key = k if k < 10 else None
        title = f"{k}  {entry.name}" if key else entry.name
        button = QPushButton(title, checkable=True, objectName=f"class_{entry.id}")
        button.setIcon(swatch_icon(entry.rgb))
        button.setIconSize(QSize(SWATCH_PX, SWATCH_PX))
        button.setStyleSheet("text-align: left; padding: 2px 4px;")
        # A long name must not widen the dock; the tip has it in full.
        button.setMinimumWidth(NARROW_PX)
        button.setToolTip(words.class_tip(entry.name, key))
        button.clicked.connect(partial(self._on_chosen, entry.id))
        protect = QCheckBox(objectName=f"protect_{entry.id}")
        protect.setToolTip(words.protect_tip(entry.name))
        protect.setAccessibleName(words.protect(entry.name))
        protect.toggled.connect(partial(self._on_protect, entry.id))
        count = QLabel(alignment=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        count.setToolTip(words.labelled_tip(entry.name))
        self._grid.addWidget(button, k, 0)
        self._grid.addWidget(protect, k, 1, Qt.AlignmentFlag.AlignHCenter)
        self._grid.addWidget(count, k, 2)
        self.buttons[entry.id], self.protect[entry.id] = button, protect
        self._counts[entry.id] = count

    def _on_chosen(self, class_id: int) -> None:
        self._state.class_id = class_id
        self._show_chosen()

    def _on_protect(self, class_id: int, on: bool) -> None:
        before = self._state.protected
        self._state.protected = before | {class_id} if on else before - {class_id}

    def _show_chosen(self) -> None:
        for class_id, button in self.buttons.items():
            button.setChecked(class_id == self._state.class_id)

    def _show_protected(self) -> None:
        for class_id, check in self.protect.items():
            check.blockSignals(True)
            check.setChecked(class_id in self._state.protected)
            check.blockSignals(False)

    def _show_counts(self) -> None:
        counts: Mapping[int, int] = self._state.labelled_px
        for class_id, label in self._counts.items():
            label.setText(words.pixels(counts[class_id]) if class_id in counts else "–")


def swatch_icon(rgb: tuple[int, int, int]) -> QIcon:
    """A square of a colour."""
    pixmap = QPixmap(SWATCH_PX, SWATCH_PX)
    pixmap.fill(QColor(*rgb))
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Disabled)
    return icon
