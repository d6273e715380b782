"""The classes: colours, names, shares; and which prediction is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPainter, QPixmap
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QWidget,
)
from superqt import QLabeledSlider

from napari_uhrnet.session.areas import shares
from napari_uhrnet.widgets.kit.panel import Panel, narrow_combo
from napari_uhrnet.widgets.segment import words

if TYPE_CHECKING:
    from napari_uhrnet.geometry.classes import LabelClass
    from napari_uhrnet.session.state import SessionState

SWATCH_PX = 14


@dataclass(frozen=True)
class _Row:
    show: QCheckBox
    share: QLabel
    solo: QPushButton


class LegendPanel(Panel):
    """Shows the classes; the person chooses what is visible."""

    def __init__(self, state: SessionState, *, parent: QWidget | None = None) -> None:
        super().__init__(words.CLASSES, parent=parent)
        self._state = state
        self._rows: dict[int, _Row] = {}
        self.branch = narrow_combo("branch")
        self.branch.setToolTip(words.PREDICTION_TIP)
        self.opacity = QLabeledSlider(Qt.Orientation.Horizontal)
        self.opacity.setObjectName("opacity")
        self.opacity.setRange(0, 100)
        self.opacity.setToolTip(words.OPACITY_TIP)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        self._grid.setVerticalSpacing(2)
        self.add_row(words.PREDICTION, self.branch)
        self.add_row(words.OPACITY, self.opacity)
        self.column.addLayout(self._grid)
        self._connect()
        self._show_branches()
        self._show_opacity(state.opacity)
        self._build_rows()

    def _connect(self) -> None:
        events = self._state.events
        self.branch.activated.connect(self._on_branch)
        self.opacity.valueChanged.connect(self._on_opacity)
        events.card.connect(self._build_rows)
        events.project_classes.connect(self._build_rows)
        events.branches.connect(self._show_branches)
        events.branch.connect(self._show_branches)
        events.opacity.connect(self._show_opacity)
        events.hidden.connect(self._show_hidden)
        events.areas_px.connect(self._show_shares)

    def _build_rows(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            item.widget().deleteLater()
        self._rows.clear()
        card = self._state.card
        classes = self._state.restyled(card.classes).classes if card else ()
        for k, entry in enumerate(classes):
            row = self._make_row(entry)
            swatch = QLabel()
            swatch.setPixmap(_swatch(entry.rgb))
            for column, widget in enumerate((swatch, row.show, row.share, row.solo)):
                self._grid.addWidget(widget, k, column)
            self._rows[entry.id] = row
        self._show_hidden()
        self._show_shares()

    def _make_row(self, entry: LabelClass) -> _Row:
        show = QCheckBox(entry.name, objectName=f"show_{entry.id}")
        show.setToolTip(words.show_tip(entry.name))
        show.toggled.connect(partial(self._on_show, entry.id))
        share = QLabel(alignment=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        share.setToolTip(words.SHARE_TIP)
        share.setMinimumWidth(share.fontMetrics().horizontalAdvance(words.SMALL_SHARE))
        solo = QPushButton(words.SOLO, checkable=True, objectName=f"solo_{entry.id}")
        solo.setToolTip(words.solo_tip(entry.name))
        solo.clicked.connect(partial(self._on_solo, entry.id))
        return _Row(show, share, solo)

    def _on_branch(self) -> None:
        self._state.branch = self.branch.currentData()

    def _on_opacity(self, value: int) -> None:
        self._state.opacity = value / 100

    def _on_show(self, class_id: int, shown: bool) -> None:
        hidden = self._state.hidden
        self._state.hidden = hidden - {class_id} if shown else hidden | {class_id}

    def _on_solo(self, class_id: int, alone: bool) -> None:
        self._state.hidden = frozenset(self._rows) - {class_id} if alone else frozenset()

    def _show_branches(self) -> None:
        state = self._state
        self.branch.clear()
        for name in state.branches:
            self.branch.addItem(words.PREDICTIONS.get(name, name), name)
        self.branch.setCurrentIndex(self.branch.findData(state.branch))

    def _show_opacity(self, opacity: float) -> None:
        self.opacity.blockSignals(True)
        self.opacity.setValue(round(opacity * 100))
        self.opacity.blockSignals(False)

    def _show_hidden(self) -> None:
        hidden = self._state.hidden
        for class_id, row in self._rows.items():
            row.show.blockSignals(True)
            row.show.setChecked(class_id not in hidden)
            row.show.blockSignals(False)
            alone = len(self._rows) > 1 and hidden == frozenset(self._rows) - {class_id}
            row.solo.setChecked(alone)

    def _show_shares(self) -> None:
        share = shares(self._state.areas_px)
        for class_id, row in self._rows.items():
            row.share.setText(_percent(share[class_id]) if class_id in share else words.NO_SHARE)


def _percent(share: float) -> str:
    return words.SMALL_SHARE if share < 0.001 else f"{share:.1%}".replace("%", " %")


def _swatch(rgb: tuple[int, int, int]) -> QPixmap:
    """A square of the colour in a thin frame, so that white and black show on any theme."""
    pixmap = QPixmap(SWATCH_PX, SWATCH_PX)
    pixmap.fill(QColor(*rgb))
    painter = QPainter(pixmap)
    painter.setPen(QColor(128, 128, 128))
    painter.drawRect(0, 0, SWATCH_PX - 1, SWATCH_PX - 1)
    painter.end()
    return pixmap
