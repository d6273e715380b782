"""Runs comparisons beside the segmentation, one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.comparing import Compared, Lit, compare_job, lit_job
from napari_uhrnet.session.runner import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.session.comparing import Source
    from napari_uhrnet.session.runner import Runner


@dataclass(frozen=True)
class CompareStatus:
    """How far a comparison is: ``share`` in 0..1; ``message`` is a sentence for the panel."""

    busy: bool = False
    share: float = 0.0
    message: str = ""


class Comparer:
    """Has a runner of its own, so that it goes on while a scene is being segmented.

    All methods and signals belong to the main thread; what arrives from an older job is dropped.
    """

    status_changed = Signal(object)
    """A `CompareStatus`."""
    found = Signal(object)
    """A `Compared`."""
    lit = Signal(object)
    """A `Lit`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._generation = 0
        self.status = CompareStatus()
        self.compared: Compared | None = None

    def compare(
        self, a: Source, b: Source, classes: ClassTable, window: Window, pixel_size_m: float | None
    ) -> None:
        """Compare two sources in a window of level 0."""
        self._say(CompareStatus(True, 0.0, "Comparing…"))
        self._start(lambda: compare_job(a, b, classes, window, pixel_size_m))

    def light(self, pair: tuple[int, int], view: Window) -> None:
        """Find the pixels of a pair of classes (of A, of B) in view; a comparison goes first."""
        compared = self.compared
        if compared is not None and not self.status.busy:
            self._start(lambda: lit_job(compared, pair, view))

    def cancel(self) -> None:
        """Stop after the block that is being compared."""
        self._runner.stop()

    def close(self) -> None:
        """Stop for good."""
        self._generation += 1
        self._runner.close(lambda: None)

    def _start(self, steps: Callable[[], Generator[Any, None, None]]) -> None:
        self._generation += 1
        mine = self._generation
        self._runner.start(Job(steps, partial(self._on_result, mine), partial(self._on_end, mine)))

    def _on_result(self, generation: int, result: object) -> None:
        if generation != self._generation:
            return
        match result:
            case Compared():
                self.compared = result
                self._say(CompareStatus())
                self.found.emit(result)
            case Lit():
                self.lit.emit(result)
            case float() if self.status.busy:
                self._say(CompareStatus(True, result, "Comparing…"))

    def _on_end(self, generation: int, error: BaseException | None) -> None:
        if generation != self._generation:
            return
        if isinstance(error, UserError):
            self._say(CompareStatus(message=str(error)))
        elif error is not None:
            name = type(error).__name__
            self._say(CompareStatus(message=f"Stopped by an error inside: {name}: {error}"))
            raise error
        elif self.status.busy:
            self._say(CompareStatus(message="Stopped."))

    def _say(self, status: CompareStatus) -> None:
        self.status = status
        self.status_changed.emit(status)
