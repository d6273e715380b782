"""Runs comparisons beside the segmentation, one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_uhrnet.session.compare.pair import Pair, pair_job
from napari_uhrnet.session.compare.reporting import Written, report_job
from napari_uhrnet.session.compare.sources import Compared, Highlighted, compare_job, highlight_job
from napari_uhrnet.session.latest_job import LatestJob, surface, why
from napari_uhrnet.session.wording import STOPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from datetime import datetime
    from pathlib import Path

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.compare.sources import Wanted
    from napari_uhrnet.session.runner import Runner


@dataclass(frozen=True)
class CompareStatus:
    """How far a comparison is.

    ``share`` is in 0..1, ``message`` a sentence for the panel, ``page`` the report that was written
    of what is shown.
    """

    busy: bool = False
    share: float = 0.0
    message: str = ""
    page: Path | None = None


class Comparer:
    """Has a runner of its own, so that it runs while a scene is being segmented.

    All methods and signals belong to the main thread; what arrives from an older job is dropped.
    """

    status_changed = Signal(object)
    """A `CompareStatus`."""
    found = Signal(object)
    """A `Compared`, or None when there is nothing to show any more."""
    highlighted = Signal(object)
    """A `Highlighted`."""
    read = Signal(object)
    """A `Pair`."""
    read_again = Signal(object)
    """The last `Pair`, as its results are by now."""

    def __init__(self, runner: Runner) -> None:
        self._job = LatestJob(runner)
        self._pair: Wanted | None = None
        self.status = CompareStatus()
        self.compared: Compared | None = None

    def compare(self, wanted: Wanted) -> None:
        """Compare two sources."""
        self._say(CompareStatus(True))
        self._start(lambda: compare_job(wanted))

    def report(self, wanted: Wanted, scene: Scene, folder: Path, made_at: datetime) -> None:
        """Compare two sources and write what is found into a new folder inside of this one."""
        self._say(CompareStatus(True))
        self._start(lambda: report_job(wanted, scene, folder, made_at))

    def read_pair(self, wanted: Wanted) -> None:
        """Read two sources, to swipe between them."""
        self._pair = wanted
        self._say(CompareStatus(True))
        self._start(lambda: pair_job(wanted))

    def follow_pair(self) -> bool:
        """Read the last pair again, without a status; False if another job comes first."""
        pair = self._pair
        if self._job.running or pair is None:
            return False
        self._start(lambda: pair_job(pair))
        return True

    def highlight(self, pair: tuple[int, int], view: Window) -> None:
        """Find the pixels of a pair of classes (of A, of B) in view; a comparison goes first."""
        compared = self.compared
        if compared is not None and not self.status.busy:
            self._start(lambda: highlight_job(compared, pair, view))

    def forget(self) -> None:
        """Another scene: what was found is not of it."""
        self._job.drop()
        self.compared = self._pair = None
        self._say(CompareStatus())
        self.found.emit(None)

    def cancel(self) -> None:
        """Stop after the block that is being compared."""
        self._job.cancel()

    def close(self) -> None:
        """Stop for good."""
        self._job.close()

    def _start(self, steps: Callable[[], Generator[Any, None, None]]) -> None:
        self._job.start(steps, self._on_result, self._on_end)

    def _on_result(self, result: object) -> None:
        match result:
            case Compared():
                self._take(result, CompareStatus())
            case Written():
                self._take(result.compared, CompareStatus(page=result.page))
            case Pair() if self.status.busy:
                self.read.emit(result)
                self._say(CompareStatus())
            case Pair():
                self.read_again.emit(result)
            case Highlighted():
                self.highlighted.emit(result)
            case float() if self.status.busy:
                self._say(CompareStatus(True, result))

    def _take(self, compared: Compared, status: CompareStatus) -> None:
        self.compared = compared
        self._say(status)
        self.found.emit(compared)

    def _on_end(self, error: BaseException | None) -> None:
        if error is not None:
            self._say(CompareStatus(message=why(error)))
            surface(error)
        elif self.status.busy:
            self._say(CompareStatus(message=STOPPED))

    def _say(self, status: CompareStatus) -> None:
        self.status = status
        self.status_changed.emit(status)
