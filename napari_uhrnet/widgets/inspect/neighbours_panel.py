"""The panel of neighbour influence: on the prediction in view, and on one patch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from napari_uhrnet.widgets.inspect import words
from napari_uhrnet.widgets.kit.docks import DockPanel
from napari_uhrnet.widgets.kit.panel import Panel

if TYPE_CHECKING:
    from napari_uhrnet.session.inspect.neighbour_effect import NeighbourEffect
    from napari_uhrnet.session.panel_job import JobStatus


class NeighboursPanel(DockPanel):
    """Shows a `NeighbourEffect`; the person asks for a map, or picks a patch."""

    map_pressed = Signal()
    pick_toggled = Signal(bool)
    branch_chosen = Signal(str)

    def __init__(self, effect: NeighbourEffect, *, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._effect = effect
        self.find = QPushButton(words.SHOW_CHANGED, objectName="find_changes")
        self.find.setToolTip(words.SHOW_CHANGED_TIP)
        self.pick = QPushButton(words.PICK, checkable=True, objectName="pick_patch")
        self.pick.setToolTip(words.PICK_HINT)
        self.branch = QComboBox(objectName="changed_branch")
        for name, title in words.NEIGHBOUR_BRANCHES.items():
            self.branch.addItem(title, name)
        self.branch.setToolTip(words.BRANCH_TIP)
        self.cancel = QPushButton(words.CANCEL, objectName="cancel_neighbours")
        self.cancel.setToolTip(words.CANCEL_TIP)
        self.bar = QProgressBar(objectName="neighbours_progress")
        self.message = QLabel(words.NEIGHBOURS_HINT, objectName="neighbours_message", wordWrap=True)
        self._lay_out()
        self._connect()
        self._show_status(effect.status)

    def _lay_out(self) -> None:
        panel = Panel(words.NEIGHBOURS)
        panel.add_row(words.BRANCH, self.branch)
        buttons = QHBoxLayout()
        buttons.addWidget(self.find, 3)
        buttons.addWidget(self.pick, 2)
        panel.column.addLayout(buttons)
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        panel.column.addLayout(row)
        panel.column.addWidget(self.message)
        self.column.addWidget(panel)
        self.column.addStretch(1)

    def _connect(self) -> None:
        self.find.clicked.connect(self.map_pressed)
        self.pick.toggled.connect(self.pick_toggled)
        self.branch.activated.connect(lambda: self.branch_chosen.emit(self.chosen))
        self.cancel.clicked.connect(self._effect.cancel)
        self._effect.status_changed.connect(self._show_status)

    @property
    def chosen(self) -> str:
        """The branch that is shown."""
        return str(self.branch.currentData())

    def show_message(self, sentence: str) -> None:
        """Show a sentence until the next one."""
        self.message.setText(sentence)
        # Qt forgets the last line when the progress bar above goes at the same time.
        self.message.setMinimumHeight(self.message.heightForWidth(self.message.width()))

    def let_go(self) -> None:
        """Stop what runs and listen no more."""
        if not self._closed:
            self._effect.cancel()
            self._effect.status_changed.disconnect(self._show_status)
        super().let_go()

    def _show_status(self, status: JobStatus) -> None:
        self.find.setEnabled(not status.busy)
        self.pick.setEnabled(not status.busy)
        self.bar.setVisible(status.busy)
        self.cancel.setVisible(status.busy)
        self.bar.setValue(round(100 * status.share))
        self.show_message(status.message or words.NEIGHBOURS_HINT)
