"""Notices where the shown prediction has grown or changed, for what lies over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.correct.open_corrections import predicted
from napari_uhrnet.store.annotations.change import bounding_window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.session.controller import Controller
    from napari_uhrnet.session.correct.corrections import Predict
    from napari_uhrnet.session.engine import Workspace
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.segment.overlay import Overlay

INTERVAL_MS = 500


class PredictionWatch(QObject):
    """Looks after the prediction of one scene, at most twice a second."""

    replaced = Signal()
    """Another network, pixel size or branch is shown."""
    grown = Signal(object)
    """The same prediction has more in a level-0 window."""

    def __init__(self, state: SessionState, controller: Controller, overlay: Overlay) -> None:
        super().__init__()
        self._state, self._overlay = state, overlay
        self._timer = QTimer(self, singleShot=True, interval=INTERVAL_MS)
        self._timer.timeout.connect(self.look)
        self._signals = (controller.pixels_changed, controller.workspace_opened)
        for signal in (*self._signals, state.events.branch):
            signal.connect(self._on_changed)
        self._shown = self._now()
        self._finished = self._finished_now()

    @property
    def where(self) -> Workspace | None:
        """The workspace of the scene that is shown."""
        where = self._overlay.where
        return where if where is not None and where.scene is self._state.scene else None

    def predict(self, classes: ClassTable) -> Predict:
        """The prediction in the classes of a project."""
        return predicted(self.where, self._state.branch, classes)

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()
        for signal in (*self._signals, self._state.events.branch):
            signal.disconnect(self._on_changed)

    def look(self) -> None:
        """Emit what has changed since the last time."""
        before, self._shown = self._shown, self._now()
        old, self._finished = self._finished, self._finished_now()
        if self._shown[0] is not before[0] or self._shown[1] != before[1]:
            self.replaced.emit()
        elif old is not None and self._finished is not None:
            self._emit_growth(self._finished & ~old)

    def _emit_growth(self, cells: NDArray[np.bool_]) -> None:
        box, where = bounding_window(cells), self.where
        if not box or where is None:
            return
        first = where.store.window(box.y, box.x)
        last = where.store.window(box.bottom - 1, box.right - 1)
        grown = Window.between(first.y, first.x, last.bottom, last.right)
        self.grown.emit(where.layout.inference.to_level0(grown))

    def _now(self) -> tuple[Workspace | None, str]:
        return self.where, self._state.branch

    def _finished_now(self) -> NDArray[np.bool_] | None:
        where = self.where
        return None if where is None else where.store.finished()

    def _on_changed(self) -> None:
        if not self._timer.isActive():
            self._timer.start()
