"""Connects the fine-tune panel with the open project and its run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.finetune.run import unfinished
from napari_uhrnet.widgets.finetune import words
from napari_uhrnet.widgets.finetune.panel import FineTunePanel

if TYPE_CHECKING:
    from napari_uhrnet.session.correct.state import CorrectState
    from napari_uhrnet.session.finetune.run import FineTuning
    from napari_uhrnet.session.state import SessionState

POLL_MS = 500


class FineTuneTool(QObject):
    """One fine-tune panel, from its opening to its end; the run continues after that."""

    def __init__(self, state: SessionState, correct: CorrectState, run: FineTuning) -> None:
        super().__init__()
        self._state, self._correct, self._run = state, correct, run
        self.panel = FineTunePanel()
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(run.poll)
        self._events = (
            state.events.model,
            state.events.card,
            state.events.model_problem,
            correct.events.active,
            correct.events.folder,
            correct.events.reviewed_px,
            run.changed,
        )
        self._connect()
        self._show()

    def _connect(self) -> None:
        panel = self.panel
        panel.start_pressed.connect(self._on_start)
        panel.resume_pressed.connect(self._on_resume)
        panel.stop_pressed.connect(self._run.stop)
        panel.use_pressed.connect(self._on_use)
        panel.closed.connect(self.close)
        for event in self._events:
            event.connect(self._show)
        self._timer.start()

    def close(self) -> None:
        """Listen no more; a run continues, and is shown when the panel is opened again."""
        self._timer.stop()
        for event in self._events:
            event.disconnect(self._show)

    def _on_start(self) -> None:
        request = self.panel.request(self._state.model, self._state.device)
        self._try(lambda: self._run.start(self._project, request))

    def _on_resume(self) -> None:
        folder = unfinished(self._project)
        if folder is not None:
            self._try(lambda: self._run.resume(self._project, folder))

    def _on_use(self) -> None:
        status = self._run.status
        if status.folder is not None and status.result is not None:
            self._state.model = str(status.folder / status.result["checkpoint"])

    def _try(self, action: Any) -> None:
        try:
            action()
        except UserError as error:
            self.panel.message.setText(str(error))

    @property
    def _project(self) -> Path:
        return Path(self._correct.folder)

    def _problem(self) -> str:
        """Why nothing can be started now."""
        if not self._correct.active:
            return words.CLOSED
        if not sum(self._correct.reviewed_px.values()):
            return words.NOTHING_REVIEWED
        if self._state.card is None:
            return self._state.model_problem or words.NO_NETWORK
        return ""

    def _show(self) -> None:
        card, panel = self._state.card, self.panel
        can_resume = self._correct.active and unfinished(self._project) is not None
        panel.show_start(card.title if card else "–", self._problem(), can_resume=can_resume)
        panel.show_status(self._run.status)
