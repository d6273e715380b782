"""Who runs a job, and on which thread its results arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


@dataclass(frozen=True)
class Job:
    """Work in steps: a generator is made and walked by the runner, in its thread.

    ``on_result`` gets every yielded value; ``on_end`` is called once for every job, also for one
    that was dropped before it began, with the exception that ended it or None. Both run on the
    thread that started the job.
    """

    steps: Callable[[], Generator[Any, None, None]]
    on_result: Callable[[Any], None]
    on_end: Callable[[BaseException | None], None]


class Runner(Protocol):
    """Runs one job at a time."""

    def start(self, job: Job) -> None:
        """Stop what runs, then run the job. A job that still waits is dropped."""
        ...

    def stop(self) -> None:
        """Close the running generator at its next step; a job that waits is dropped."""
        ...

    def close(self, last: Callable[[], None]) -> None:
        """Stop, deliver nothing any more, and let the worker do one last thing."""
        ...


class SyncRunner:
    """Runs jobs on the calling thread: at once, or with ``stepwise`` one step a call of `step`."""

    def __init__(self, *, stepwise: bool = False) -> None:
        self._stepwise = stepwise
        self._waiting: Job | None = None
        self._current: tuple[Job, Generator[Any, None, None]] | None = None
        self._stopping = False
        self._draining = False

    def start(self, job: Job) -> None:
        """See `Runner`."""
        self.stop()
        self._waiting = job
        if not self._stepwise and not self._draining:
            self.drain()

    def stop(self) -> None:
        """See `Runner`."""
        self._stopping = self._current is not None
        dropped, self._waiting = self._waiting, None
        if dropped is not None:
            dropped.on_end(None)

    def close(self, last: Callable[[], None]) -> None:
        """See `Runner`."""
        self._waiting = None
        if self._current is not None:
            self._current[1].close()
            self._current = None
        last()

    def drain(self) -> None:
        """Step until there is nothing left to do."""
        self._draining = True
        try:
            while self.step():
                pass
        finally:
            self._draining = False

    def step(self) -> bool:
        """Do one step; False if there was nothing to do."""
        if self._current is None:
            if self._waiting is None:
                return False
            self._current = (self._waiting, self._waiting.steps())
            self._waiting, self._stopping = None, False
        job, generator = self._current
        if self._stopping:
            generator.close()
            self._end(job, None)
            return True
        try:
            result = next(generator)
        except StopIteration:
            self._end(job, None)
        except UserError as error:
            self._end(job, error)
        else:
            job.on_result(result)
        return True

    def _end(self, job: Job, error: BaseException | None) -> None:
        self._current, self._stopping = None, False
        job.on_end(error)
