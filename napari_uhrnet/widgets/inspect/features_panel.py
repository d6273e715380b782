"""The panel of the feature views: what is computed, and which branch is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from napari_uhrnet.widgets.inspect import words
from napari_uhrnet.widgets.kit.docks import DockPanel
from napari_uhrnet.widgets.kit.panel import Panel

if TYPE_CHECKING:
    from napari_uhrnet.session.inspect.feature_view import FeatureViewer
    from napari_uhrnet.session.panel_job import JobStatus


class FeaturesPanel(DockPanel):
    """Shows a `FeatureViewer`; the person asks for a frame and chooses what is shown."""

    show_pressed = Signal()
    shown_changed = Signal(str, bool)
    """A branch, and whether its layer is visible."""

    def __init__(self, viewer: FeatureViewer, *, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._viewer = viewer
        self.show_frame = QPushButton(words.SHOW_FEATURES, objectName="show_features")
        self.show_frame.setToolTip(words.SHOW_FEATURES_TIP)
        self.cancel = QPushButton(words.CANCEL, objectName="cancel_features")
        self.cancel.setToolTip(words.CANCEL_TIP)
        self.bar = QProgressBar(objectName="features_progress")
        self.message = QLabel(words.FEATURES_HINT, objectName="features_message", wordWrap=True)
        self.checks = {
            branch: QCheckBox(title, objectName=f"show_{branch}_features", enabled=False)
            for branch, title in words.FEATURE_BRANCHES.items()
        }
        self._lay_out()
        self._connect()
        self._show_status(viewer.status)

    def _lay_out(self) -> None:
        panel = Panel(words.FEATURES)
        panel.column.addWidget(self.show_frame)
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        panel.column.addLayout(row)
        panel.column.addWidget(self.message)
        for branch, check in self.checks.items():
            check.setToolTip(words.FEATURE_TIPS[branch])
            panel.column.addWidget(check)
        self.column.addWidget(panel)
        self.column.addStretch(1)

    def _connect(self) -> None:
        self.show_frame.clicked.connect(self.show_pressed)
        self.cancel.clicked.connect(self._viewer.cancel)
        for branch, check in self.checks.items():
            check.clicked.connect(lambda on, branch=branch: self.shown_changed.emit(branch, on))
        self._viewer.status_changed.connect(self._show_status)

    def let_go(self) -> None:
        """Stop what runs and listen no more."""
        if not self._closed:
            self._viewer.cancel()
            self._viewer.status_changed.disconnect(self._show_status)
        super().let_go()

    def show_layer(self, branch: str, visible: bool | None) -> None:
        """Whether the layer of a branch is visible; None if there is none."""
        self.checks[branch].setEnabled(visible is not None)
        self.checks[branch].setChecked(bool(visible))

    def _show_status(self, status: JobStatus) -> None:
        self.show_frame.setEnabled(not status.busy)
        self.bar.setVisible(status.busy)
        self.cancel.setVisible(status.busy)
        self.bar.setValue(round(100 * status.share))
        self.message.setText(status.message or words.FEATURES_HINT)
