"""Ranks the parts of a scene in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_uhrnet.session.panel_job import JobStatus, PanelJob
from napari_uhrnet.session.queue import words
from napari_uhrnet.session.queue.queue import Queue, Ranked, rank_job

if TYPE_CHECKING:
    from napari_uhrnet.session.queue.queue import Criterion, Reviewed
    from napari_uhrnet.session.runner import Runner


class Ranker(PanelJob):
    """Keeps the `Queue` of the present scene. On the main thread; has its own runner."""

    queue_changed = Signal()
    """The queue or its present part has changed."""

    def __init__(self, runner: Runner) -> None:
        super().__init__(runner)
        self.queue = Queue()

    def rank(
        self,
        shape_yx: tuple[int, int],
        side_px: int,
        criterion: Criterion,
        reviewed: Reviewed | None = None,
    ) -> None:
        """Rank all parts of a scene."""
        self._set(JobStatus(True, 0.0, words.RANKING))
        self._start(lambda: rank_job(shape_yx, side_px, criterion, reviewed), self._on_result)

    def step(self, by: int) -> None:
        """Move forward or back in the queue."""
        self.queue.step(by)
        self.queue_changed.emit()

    def go_to(self, index: int) -> None:
        """Go to one part of the queue."""
        self.queue.go_to(index)
        self.queue_changed.emit()

    def skip(self) -> None:
        """Move the present part to the end."""
        self.queue.skip()
        self.queue_changed.emit()

    def done(self) -> None:
        """Remove the present part."""
        self.queue.done()
        self.queue_changed.emit()

    def forget(self) -> None:
        """Empty the queue: there is another scene."""
        super().forget()
        self.queue = Queue()
        self.queue_changed.emit()

    def _on_result(self, result: float | Ranked) -> None:
        if isinstance(result, Ranked):
            self.queue.rank(result)
            nothing = "" if result.parts else words.EMPTY
            self._set(JobStatus(message=nothing))
            self.queue_changed.emit()
        else:
            self._set(JobStatus(True, result, words.RANKING))
