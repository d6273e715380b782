"""Connects the export panel with the open project, and runs exports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, QUrl
from qtpy.QtGui import QDesktopServices

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.labels.exporting import export_project, preview
from napari_uhrnet.session.labels.words import export_summary, preview_summary
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.widgets.kit.long_edit import LongEdit, Stopped
from napari_uhrnet.widgets.labels import words
from napari_uhrnet.widgets.labels.export_panel import ExportPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtCore import QSettings
    from qtpy.QtWidgets import QComboBox

    from napari_uhrnet.session.labels.exporting import ExportRequest
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.correct.tool import Correcting

SETTLE_MS = 400


class ExportTool(QObject):
    """One export panel, from its opening to its end, which also cancels a running export."""

    def __init__(self, session: SessionState, correcting: Correcting, settings: QSettings) -> None:
        super().__init__()
        self._session, self._correcting, self._settings = session, correcting, settings
        self._preview, self._problem = "", ""
        self._share: float | None = None
        self._written: Path | None = None
        self._summary = ""
        self.panel = ExportPanel()
        self._export, self._count = LongEdit(), LongEdit()
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MS)
        state = correcting.state.events
        self._events = (state.active, state.classes, state.reviewed_px)
        self._restore()
        self._connect()
        self._on_state()
        self.panel.show_end("", written=False)

    def close(self) -> None:
        """Listen no more; nothing half-written stays."""
        self._timer.stop()
        for event in self._events:
            event.disconnect(self._on_state)
        self._session.events.view.disconnect(self._on_view)
        self._count.close()
        self._export.close()

    def _connect(self) -> None:
        panel = self.panel
        panel.changed.connect(self._on_state)
        panel.start_pressed.connect(self.start)
        panel.stop_pressed.connect(self._export.stop)
        panel.open_pressed.connect(self._on_open)
        panel.closed.connect(self.close)
        self._timer.timeout.connect(self.look)
        self._count.ended.connect(self._on_counted)
        self._export.progressed.connect(self._on_progress)
        self._export.ended.connect(self._on_ended)
        for event in self._events:
            event.connect(self._on_state)
        self._session.events.view.connect(self._on_view)

    def look(self) -> None:
        """Count what would be written, on a thread."""
        if self._count.is_running:
            # It is started anew once it has stopped.
            self._count.stop()
            self._timer.start()
            return
        request = self._asked()
        if request is None or self._share is not None:
            self._show()
            return
        project = self._project

        def count(report: Callable[[float], None]) -> None:
            self._summary = preview_summary(
                preview(Project.open(project), request, lambda: report(0.0))
            )

        self._count.start(count)

    def start(self) -> None:
        """Write what is asked for."""
        request = self._asked()
        if request is None or self._export.is_running:
            self._show()
            return
        self._count.stop()
        self._keep()
        project, self._share, self._written = self._project, 0.0, request.to
        self.panel.show_end("", written=False)

        def write(report: Callable[[float], None]) -> None:
            report(0.0)
            manifest = export_project(Project.open(project), request, report)
            self._summary = export_summary(manifest)

        self._export.start(write)
        self._show()

    @property
    def _project(self) -> Path:
        return Path(self._correcting.state.folder)

    def _asked(self) -> ExportRequest | None:
        """What the panel asks for; None, with the problem kept, if that can't be."""
        state, scene = self._correcting.state, self._session.scene
        if not state.active or state.classes is None or scene is None:
            self._problem = words.EXPORT_CLOSED
            return None
        if not sum(state.reviewed_px.values()):
            self._problem = words.NOTHING_REVIEWED
            return None
        try:
            request = self.panel.request(state.classes, scene.fingerprint, self._session.view)
        except UserError as error:
            self._problem = str(error)
            return None
        self._problem = ""
        return request

    def _on_state(self) -> None:
        state = self._correcting.state
        if state.active and state.classes is not None:
            self.panel.classes.show_classes(state.classes)
            self.panel.suggest(Path(state.folder))
        self._asked()
        self._preview = words.COUNTING
        self._show()
        self._timer.start()

    def _on_view(self) -> None:
        if self.panel.frames.is_of_view:
            self._on_state()

    def _on_counted(self, error: BaseException | None) -> None:
        if isinstance(error, Stopped):
            return
        if isinstance(error, UserError):
            self._problem = str(error)
        elif error is not None:
            raise error
        else:
            self._preview = self._summary
        self._show()

    def _on_progress(self, share: float) -> None:
        self._share = share
        self._show()

    def _on_ended(self, error: BaseException | None) -> None:
        self._share = None
        message = words.exported(self._summary, self._written)
        if isinstance(error, Stopped):
            message = words.EXPORT_CANCELLED
        elif error is not None:
            message = str(error)
        self.panel.show_end(message, written=error is None)
        self._show()
        if error is None and self._written is not None:
            self.panel.suggest(self._project)
        elif not isinstance(error, (Stopped, UserError)) and error is not None:
            raise error

    def _on_open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written)))

    def _show(self) -> None:
        self.panel.show_state(self._preview, self._problem, self._share)

    def _keep(self) -> None:
        """Remember the choices."""
        for combo in self._combos():
            self._settings.setValue(f"export/{combo.objectName()}", combo.currentData())
        for box in self._boxes():
            self._settings.setValue(f"export/{box.objectName()}", box.value())

    def _restore(self) -> None:
        get = self._settings.value
        for combo in self._combos():
            kept = combo.findData(get(f"export/{combo.objectName()}", "", type=str))
            combo.setCurrentIndex(max(kept, 0))
        for box in self._boxes():
            box.setValue(get(f"export/{box.objectName()}", box.value(), type=int))

    def _combos(self) -> tuple[QComboBox, ...]:
        panel = self.panel
        return panel.format, panel.scenes, panel.frames.places, panel.frames.unreviewed

    def _boxes(self) -> tuple[Any, ...]:
        frames = self.panel.frames
        return frames.size, frames.overlap, *frames.split
