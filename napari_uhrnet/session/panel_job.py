"""Jobs whose progress a panel shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_uhrnet.session.latest_job import LatestJob, surface, why
from napari_uhrnet.session.wording import STOPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from napari_uhrnet.session.runner import Runner


@dataclass(frozen=True)
class JobStatus:
    """How far a job is.

    ``share`` is in 0..1, ``message`` a sentence for the panel, ``page`` a report that was written.
    """

    busy: bool = False
    share: float = 0.0
    message: str = ""
    page: Path | None = None


class PanelJob:
    """Runs jobs one at a time beside the segmentation. On the main thread; has its own runner."""

    status_changed = Signal(object)
    """A `JobStatus`."""

    def __init__(self, runner: Runner) -> None:
        self._job = LatestJob(runner)
        self.status = JobStatus()

    def cancel(self) -> None:
        """Stop after the step that is being computed."""
        self._job.cancel()

    def forget(self) -> None:
        """Drop what is being computed: there is another scene."""
        self._job.drop()
        self._set(JobStatus())

    def close(self) -> None:
        """Stop for good."""
        self._job.close()

    def _start(
        self, steps: Callable[[], Generator[Any, None, None]], take: Callable[[Any], None]
    ) -> None:
        """Run steps instead of what runs; ``take`` gets what they yield."""
        self._job.start(steps, take, self._on_end)

    def _on_end(self, error: BaseException | None) -> None:
        if error is not None:
            self._set(JobStatus(message=why(error)))
            surface(error)
        elif self.status.busy:
            self._set(JobStatus(message=STOPPED))

    def _set(self, status: JobStatus) -> None:
        self.status = status
        self.status_changed.emit(status)
