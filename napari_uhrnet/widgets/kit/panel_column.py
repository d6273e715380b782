"""Panels below each other that scroll together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_uhrnet.widgets.kit.panel import Panel


class PanelColumn(QScrollArea):
    """Scrolls up and down only."""

    def __init__(self, panels: Sequence[Panel], parent: QWidget | None = None) -> None:
        super().__init__(parent, widgetResizable=True)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        for panel in panels:
            column.addWidget(panel)
        column.addStretch(1)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inner)
        self._target: Panel | None = None
        # A panel that has just grown gets its place when Qt is back in its loop.
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._scroll)

    def scroll_to(self, panel: Panel) -> None:
        """Put a panel at the top, or as far up as can be."""
        self._target = panel
        self._timer.start()

    def _scroll(self) -> None:
        if self._target is not None:
            self.verticalScrollBar().setValue(self._target.y())
