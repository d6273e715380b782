"""Docks beside the main one: each is opened by a button and closed by the person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtWidgets import QScrollArea, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari.viewer
    from qtpy.QtGui import QCloseEvent


class DockPanel(QWidget):
    """A scrolled column of panels that emits ``closed`` once when its dock is closed."""

    closed = Signal()

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._closed = False
        inner = QWidget()
        self.column = QVBoxLayout(inner)
        self.column.setContentsMargins(0, 0, 8, 0)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Qt: the widget is closed."""
        self.let_go()
        super().closeEvent(event)

    def event(self, event: QEvent) -> bool:
        """Qt: napari takes the widget out of its dock when the dock is closed."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.let_go()
        return bool(super().event(event))

    def let_go(self) -> None:
        """Disconnect; ``closed`` is emitted the first time."""
        if not self._closed:
            self._closed = True
            self.closed.emit()


class Tool(Protocol):
    """What puts a panel together with viewer and session, until ``panel.closed``."""

    panel: DockPanel


AnyTool = TypeVar("AnyTool", bound=Tool)


class Docks(QObject):
    """The open docks, one for each kind of tool, in tabs with the main dock."""

    def __init__(self, viewer: napari.viewer.Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._open: dict[str, tuple[Tool, QWidget]] = {}

    def open(self, title: str, make: Callable[[], AnyTool]) -> AnyTool:
        """Show the dock with this title; make it if there is none."""
        if title in self._open:
            tool, dock = self._open[title]
            dock.raise_()
            return tool  # type: ignore[return-value]  # a title belongs to one kind of tool
        made = make()
        made.panel.closed.connect(lambda: self._open.pop(title, None))
        dock = self._viewer.window.add_dock_widget(
            made.panel, name=title, area="right", tabify=True
        )
        self._open[title] = made, dock
        dock.raise_()
        return made

    def close(self) -> None:
        """Close all of them."""
        for tool, _ in list(self._open.values()):
            self._viewer.window.remove_dock_widget(tool.panel)
