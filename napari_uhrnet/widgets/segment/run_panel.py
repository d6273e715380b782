"""Segment, stop, and see how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QWidget,
)

from napari_uhrnet.session.wording import duration
from napari_uhrnet.widgets.kit.panel import Panel, icon, narrow_combo
from napari_uhrnet.widgets.segment import words

if TYPE_CHECKING:
    from napari_uhrnet.session.controller import Controller
    from napari_uhrnet.session.state import RunStatus, SessionState


class RunPanel(Panel):
    """Shows the status of the run; the person starts and stops it."""

    segment_pressed = Signal()

    def __init__(
        self, state: SessionState, controller: Controller, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(words.RUN, parent=parent)
        self._state, self._controller = state, controller
        self.region = narrow_combo("region")
        for k, (name, (title, tip)) in enumerate(words.REGIONS.items()):
            self.region.addItem(title, name)
            self.region.setItemData(k, tip, 3)
        self.region.setToolTip(words.REGION_TIP)
        self.follow = QCheckBox(words.FOLLOW, objectName="follow_view")
        self.follow.setToolTip(words.FOLLOW_TIP)
        self.segment = QPushButton(words.SEGMENT, objectName="segment", autoDefault=True)
        self.segment.setToolTip(words.SEGMENT_TIP)
        self.cancel = QPushButton(words.CANCEL, objectName="cancel")
        self.cancel.setToolTip(words.CANCEL_TIP)
        self.bar = QProgressBar(objectName="progress", textVisible=True)
        self.message = QLabel(objectName="message", wordWrap=True)
        self.note = QLabel(objectName="note", wordWrap=True)
        self._make_ask_row()
        self._lay_out()
        self._connect()
        self._show(state.status)
        self._show_choices()

    def set_icon_colour(self, colour: str) -> None:
        """Draw the icons in a colour of the theme."""
        self.segment.setIcon(icon("run", colour))
        self.cancel.setIcon(icon("stop", colour))

    def _make_ask_row(self) -> None:
        self.ask = QWidget(objectName="ask")
        self.go = QPushButton(words.SEGMENT_ALL, objectName="go")
        self.go.setToolTip(words.SEGMENT_ALL_TIP)
        self.not_now = QPushButton(words.NOT_NOW, objectName="not_now")
        row = QHBoxLayout(self.ask)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.go, 1)
        row.addWidget(self.not_now, 1)

    def _lay_out(self) -> None:
        self.add_row(words.REGION, self.region)
        buttons = QHBoxLayout()
        buttons.addWidget(self.segment, 2)
        buttons.addWidget(self.cancel, 1)
        self.column.addWidget(self.follow)
        self.column.addLayout(buttons)
        for widget in (self.message, self.bar, self.ask, self.note):
            self.column.addWidget(widget)
        # What stands below should not jump when a run begins and ends.
        for widget in (self.bar, self.message):
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(policy)

    def _connect(self) -> None:
        state = self._state
        self.region.activated.connect(self._on_region)
        self.follow.toggled.connect(self._on_follow)
        self.segment.clicked.connect(self.segment_pressed)
        self.cancel.clicked.connect(self._controller.cancel)
        self.go.clicked.connect(self._controller.go)
        self.not_now.clicked.connect(self._controller.not_now)
        state.events.status.connect(self._show)
        state.events.region.connect(self._show_choices)
        state.events.follow_view.connect(self._show_choices)

    def _on_region(self) -> None:
        self._state.region = self.region.currentData()

    def _on_follow(self, checked: bool) -> None:
        self._state.follow_view = checked

    def _show_choices(self) -> None:
        state = self._state
        self.region.setCurrentIndex(self.region.findData(state.region))
        self.follow.setChecked(state.follow_view)
        self.follow.setEnabled(state.region == "visible")

    def _show(self, status: RunStatus) -> None:
        self.segment.setEnabled(not status.busy)
        self.cancel.setEnabled(status.phase in ("loading", "running"))
        self.bar.setVisible(status.busy)
        # A maximum of 0 lets the bar run to and fro.
        self.bar.setMaximum(0 if status.phase == "loading" else status.patches_total)
        self.bar.setValue(status.patches_done)
        left = status.seconds_left
        if status.asks:
            self.bar.setFormat(words.COARSE_FRAMES)
        else:
            self.bar.setFormat(words.time_left(duration(left)) if left else words.PERCENT)
        self.ask.setVisible(status.asks)
        for label, text in ((self.message, status.message), (self.note, status.note)):
            label.setText(text)
            label.setVisible(bool(text))
