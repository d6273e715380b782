"""What can be done to all labels in a polygon: draw it, choose an action, apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.correct.operations import (
    FillHoles,
    Grow,
    ReplaceClass,
    SetClass,
    Shrink,
    Smooth,
)
from napari_uhrnet.session.correct.words import RESET
from napari_uhrnet.widgets.correct import words
from napari_uhrnet.widgets.correct.class_buttons import swatch_icon
from napari_uhrnet.widgets.kit.panel import narrow_combo

if TYPE_CHECKING:
    from napari_uhrnet.session.correct.operations import Operation
    from napari_uhrnet.session.correct.state import CorrectState
    from napari_uhrnet.widgets.correct.tool import Correcting

SIZES = {
    "grow": (3, 1, 64),
    "shrink": (3, 1, 64),
    "smooth": (5, 1, 64),
    "holes": (64, 1, 512),
    "snap": (8, 2, 32),
}
"""Pixels at first, at least, at most."""


class PolygonRow(QWidget):
    """Draws a polygon, and changes the labels in it; actions with a class take the selected one."""

    def __init__(self, correcting: Correcting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._correcting, self._state = correcting, correcting.state
        self.draw = QPushButton(words.DRAW, checkable=True, objectName="draw_polygon")
        self.draw.setToolTip(words.DRAW_TIP)
        self.action = narrow_combo("polygon_action")
        for name, title in words.ACTIONS.items():
            self.action.addItem(title, name)
        self.apply = QPushButton(words.APPLY, objectName="polygon_apply")
        self.old = narrow_combo("replaced_class")
        self.old.setToolTip(words.REPLACED_TIP)
        self.size = QSpinBox(objectName="polygon_size", suffix=" px")
        self._of = QLabel()
        self._lay_out()
        self._connect()
        self._fill_classes()
        self._on_action()
        self._show()

    def operation(self) -> Operation | None:
        """The chosen action on labels; None for an action that is no `Operation`."""
        chosen, size, name = self._state.class_id, self.size.value(), self.action.currentData()
        match name:
            case "set":
                return SetClass(chosen)
            case "model":
                return SetClass(NOTHING, kind=RESET)
            case "replace":
                return ReplaceClass(int(self.old.currentData()), chosen)
            case "holes":
                return FillHoles(chosen, size)
            case "grow":
                return Grow(chosen, size)
            case "shrink":
                return Shrink(chosen, size)
            case "smooth":
                return Smooth(chosen, size)
        return None

    def _lay_out(self) -> None:
        action, settings = QHBoxLayout(), QHBoxLayout()
        action.addWidget(self.action, 1)
        action.addWidget(self.apply)
        settings.addWidget(self._of)
        settings.addWidget(self.size, 1)
        settings.addWidget(self.old, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.draw)
        column.addLayout(action)
        column.addLayout(settings)

    def _connect(self) -> None:
        self.draw.clicked.connect(self._on_draw)
        self.action.currentIndexChanged.connect(self._on_action)
        self.apply.clicked.connect(self._on_apply)
        events = self._state.events
        events.classes.connect(self._fill_classes)
        for field in ("tool", "has_polygon", "progress"):
            getattr(events, field).connect(self._show)

    def _fill_classes(self) -> None:
        self.old.clear()
        table = self._state.classes
        for entry in table.classes if table else ():
            self.old.addItem(swatch_icon(entry.rgb), entry.name, entry.id)

    def _on_draw(self) -> None:
        self._correcting.draw_polygon()
        self._show()

    def _on_action(self) -> None:
        name = self.action.currentData()
        if name in SIZES:
            value, least, most = SIZES[name]
            self.size.setRange(least, most)
            self.size.setValue(value)
        self.size.setVisible(name in SIZES)
        self.old.setVisible(name == "replace")
        self._of.setText(words.SIZES.get(name, ""))
        self._of.setVisible(name in words.SIZES)
        self.action.setToolTip(words.ACTION_TIPS[name])

    def _on_apply(self) -> None:
        operation, name = self.operation(), self.action.currentData()
        if operation is not None:
            self._correcting.edit_polygon(operation)
        elif name == "snap":
            self._correcting.snap_polygon(self._state.class_id, self.size.value())
        elif name == "review":
            self._correcting.mark_polygon_reviewed()
        else:
            self._correcting.unmark_polygon_reviewed()

    def _show(self) -> None:
        state: CorrectState = self._state
        self.draw.setChecked(state.tool == "polygon")
        self.apply.setEnabled(state.has_polygon and state.progress is None)
        self.apply.setToolTip(words.APPLY_TIP if state.has_polygon else words.NO_POLYGON)
