"""Ranks the parts of a scene in the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_uhrnet.session.latest_job import LatestJob, surface, why
from napari_uhrnet.session.queue import words
from napari_uhrnet.session.queue.queue import Queue, Ranked, rank_job

if TYPE_CHECKING:
    from napari_uhrnet.session.queue.queue import Criterion, Reviewed
    from napari_uhrnet.session.runner import Runner


@dataclass(frozen=True)
class RankStatus:
    """How far a ranking is: ``share`` in 0..1; ``message`` is a sentence for the panel."""

    busy: bool = False
    share: float = 0.0
    message: str = ""


class Ranker:
    """Keeps the `Queue` of the present scene. On the main thread; has its own runner."""

    status_changed = Signal(object)
    """A `RankStatus`."""
    queue_changed = Signal()
    """The queue or its present part has changed."""

    def __init__(self, runner: Runner) -> None:
        self._job = LatestJob(runner)
        self.status = RankStatus()
        self.queue = Queue()

    def rank(
        self,
        shape_yx: tuple[int, int],
        side_px: int,
        criterion: Criterion,
        reviewed: Reviewed | None = None,
    ) -> None:
        """Rank all parts of a scene."""
        self._set(RankStatus(True, 0.0, words.RANKING))
        self._job.start(
            lambda: rank_job(shape_yx, side_px, criterion, reviewed), self._on_result, self._on_end
        )

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
        self._job.drop()
        self.queue = Queue()
        self._set(RankStatus())
        self.queue_changed.emit()

    def cancel(self) -> None:
        """Stop after the part that is being read."""
        self._job.cancel()

    def close(self) -> None:
        """Stop for good."""
        self._job.close()

    def _on_result(self, result: float | Ranked) -> None:
        if isinstance(result, Ranked):
            self.queue.rank(result)
            nothing = "" if result.parts else words.EMPTY
            self._set(RankStatus(message=nothing))
            self.queue_changed.emit()
        else:
            self._set(RankStatus(True, result, words.RANKING))

    def _on_end(self, error: BaseException | None) -> None:
        if error is not None:
            self._set(RankStatus(message=why(error)))
            surface(error)
        elif self.status.busy:
            self._set(RankStatus(message=words.CANCELLED))

    def _set(self, status: RankStatus) -> None:
        self.status = status
        self.status_changed.emit(status)
