"""Connects the class panel with the open project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QMessageBox

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.labels.class_editing import apply_draft, draft_of
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.widgets.kit.long_edit import LongEdit
from napari_uhrnet.widgets.labels import words
from napari_uhrnet.widgets.labels.class_panel import ClassPanel

if TYPE_CHECKING:
    from napari_uhrnet.session.labels.class_editing import Draft
    from napari_uhrnet.widgets.correct.tool import Correcting


def ask(question: str) -> bool:
    """Whether the user confirms that."""
    yes = QMessageBox.StandardButton.Apply
    buttons = yes | QMessageBox.StandardButton.Cancel
    return bool(QMessageBox.question(None, words.APPLY_DIALOG, question, buttons) == yes)


class ClassTool(QObject):
    """One class panel, from its opening to its end."""

    def __init__(self, correcting: Correcting) -> None:
        super().__init__()
        self._correcting = correcting
        self._saved: Draft | None = None
        self._draft: Draft | None = None
        self._folder, self._message = "", ""
        self._job, self._applying = LongEdit(), False
        self.panel = ClassPanel()
        state = correcting.state.events
        self._events = (state.active, state.labelled_px)
        for event in self._events:
            event.connect(self._on_state)
        self.panel.edited.connect(self._on_edited)
        self.panel.apply_pressed.connect(self._on_apply)
        self.panel.revert_pressed.connect(self.read)
        self.panel.closed.connect(self.close)
        self._job.progressed.connect(self.panel.show_share)
        self._job.ended.connect(self._on_ended)
        self.read()

    def close(self) -> None:
        """Listen no more; a change that has begun is completed at the next opening."""
        for event in self._events:
            event.disconnect(self._on_state)
        self._job.close()

    def read(self) -> None:
        """Show the classes of the project."""
        state = self._correcting.state
        self._saved = self._draft = None
        self._message = "" if state.active else words.CLASSES_CLOSED
        if state.active:
            try:
                self._saved = self._draft = draft_of(Project.open(Path(state.folder)))
            except UserError as error:
                self._message = str(error)
        self._show()

    def _on_state(self) -> None:
        """Counts change with every stroke: they are read again unless something is edited."""
        if not self._applying and self._draft == self._saved:
            self.read()

    def _on_edited(self, draft: Draft) -> None:
        self._draft, self._message = draft, ""
        if self._saved is not None and draft.loses_undo(self._saved.table):
            self._message = words.NO_UNDO
        self._show()

    def _on_apply(self) -> None:
        draft, saved, correcting = self._draft, self._saved, self._correcting
        if draft is None or saved is None or not correcting.state.active:
            return
        if draft.loses_undo(saved.table) and not ask(words.NO_UNDO):
            return
        self._folder = correcting.state.folder
        folder = Path(self._folder)
        if not correcting.stop():
            self._message = correcting.state.unsaved
            self._show()
            return
        self._applying = True
        self._job.start(lambda report: apply_draft(Project.open(folder), draft, report))
        self._show()

    def _on_ended(self, error: BaseException | None) -> None:
        self._applying = False
        self._correcting.start(Path(self._folder))
        self.read()
        if error is not None:
            self._message = str(error)
            self._show()
        if error is not None and not isinstance(error, UserError):
            raise error

    def _show(self) -> None:
        changed = self._draft != self._saved
        self.panel.show_draft(self._draft, self._message, changed=changed, busy=self._applying)
