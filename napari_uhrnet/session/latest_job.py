"""The latest of jobs: what earlier ones still yield is dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.runner import Job
from napari_uhrnet.session.wording import internal_error

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_uhrnet.session.runner import Runner


class LatestJob:
    """Starts jobs on a runner and delivers what the latest of them yields.

    All methods belong to the main thread, where results arrive, too.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._number = 0
        self.running = False

    def start(
        self,
        steps: Callable[[], Generator[Any, None, None]],
        on_result: Callable[[Any], None],
        on_end: Callable[[BaseException | None], None],
    ) -> None:
        """Run steps instead of what runs; ``on_end`` gets what ended them, None if nothing did."""
        self._number += 1
        self.running, number = True, self._number

        def result(value: Any) -> None:
            if number == self._number:
                on_result(value)

        def end(error: BaseException | None) -> None:
            if number == self._number:
                self.running = False
                on_end(error)

        self._runner.start(Job(steps, result, end))

    def cancel(self) -> None:
        """Stop after the step that is being done; the end arrives."""
        self._runner.stop()

    def drop(self) -> None:
        """Stop, and let nothing arrive of what runs."""
        self._number += 1
        self.running = False
        self._runner.stop()

    def close(self, last: Callable[[], None] = lambda: None) -> None:
        """Stop for good; ``last`` is done in the runner's thread."""
        self._number += 1
        self.running = False
        self._runner.close(last)


def why(error: BaseException) -> str:
    """What a person reads of what ended a job."""
    if isinstance(error, UserError):
        return str(error)
    return internal_error(error)


def surface(error: BaseException) -> None:
    """Raise what is no fault of the input: a bug is reported, not only shown."""
    if not isinstance(error, UserError):
        raise error
