"""Ranks the parts of a scene beside everything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_uhrnet.session.latest_job import LatestJob, surface, why
from napari_uhrnet.session.queue.queue import Queue, Ranked, rank_job

if TYPE_CHECKING:
    from napari_uhrnet.session.queue.queue import Doubt, Reviewed
    from napari_uhrnet.session.runner import Runner


@dataclass(frozen=True)
class RankStatus:
    """How far a ranking is: ``share`` in 0..1; ``message`` is a sentence for the panel."""

    busy: bool = False
    share: float = 0.0
    message: str = ""


class Ranker:
    """Keeps the `Queue` of the present scene; of the main thread, with a runner of its own."""

    status_changed = Signal(object)
    """A `RankStatus`."""
    queue_changed = Signal()
    """The queue, or its present part, is another one."""

    def __init__(self, runner: Runner) -> None:
        self._job = LatestJob(runner)
        self.status = RankStatus()
        self.queue = Queue()

    def rank(
        self,
        shape_yx: tuple[int, int],
        side_px: int,
        doubt: Doubt,
        reviewed: Reviewed | None = None,
    ) -> None:
        """Rank all parts of a scene anew."""
        self._say(RankStatus(True, 0.0, "Ranking…"))
        self._job.start(
            lambda: rank_job(shape_yx, side_px, doubt, reviewed), self._on_result, self._on_end
        )

    def step(self, by: int) -> None:
        """Go on or back in the queue."""
        self.queue.step(by)
        self.queue_changed.emit()

    def go_to(self, index: int) -> None:
        """Look at one part of the queue."""
        self.queue.go_to(index)
        self.queue_changed.emit()

    def skip(self) -> None:
        """Look at the present part last of all."""
        self.queue.skip()
        self.queue_changed.emit()

    def done(self) -> None:
        """The present part needs no look any more."""
        self.queue.done()
        self.queue_changed.emit()

    def forget(self) -> None:
        """Another scene: its parts are not ranked."""
        self._job.drop()
        self.queue = Queue()
        self._say(RankStatus())
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
            nothing = "" if result.parts else "Nothing is left: all that is segmented is reviewed."
            self._say(RankStatus(message=nothing))
            self.queue_changed.emit()
        else:
            self._say(RankStatus(True, result, "Ranking…"))

    def _on_end(self, error: BaseException | None) -> None:
        if error is not None:
            self._say(RankStatus(message=why(error)))
            surface(error)
        elif self.status.busy:
            self._say(RankStatus(message="Stopped."))

    def _say(self, status: RankStatus) -> None:
        self.status = status
        self.status_changed.emit(status)
