"""Runs comparisons beside the segmentation, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_uhrnet.session.compare.pair import Pair, pair_job
from napari_uhrnet.session.compare.reporting import Written, report_job
from napari_uhrnet.session.compare.sources import Compared, Highlighted, compare_job, highlight_job
from napari_uhrnet.session.panel_job import JobStatus, PanelJob

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.compare.sources import Wanted
    from napari_uhrnet.session.runner import Runner


class Comparer(PanelJob):
    """Has a runner of its own, so that it runs while a scene is being segmented.

    All methods and signals belong to the main thread; what arrives from an older job is dropped.
    """

    found = Signal(object)
    """A `Compared`, or None when there is nothing to show any more."""
    highlighted = Signal(object)
    """A `Highlighted`."""
    read = Signal(object)
    """A `Pair`."""
    read_again = Signal(object)
    """The last `Pair`, as its results are by now."""

    def __init__(self, runner: Runner) -> None:
        super().__init__(runner)
        self._pair: Wanted | None = None
        self.compared: Compared | None = None

    def compare(self, wanted: Wanted) -> None:
        """Compare two sources."""
        self._set(JobStatus(True))
        self._start(lambda: compare_job(wanted), self._on_result)

    def report(self, wanted: Wanted, scene: Scene, folder: Path, made_at: datetime) -> None:
        """Compare two sources and write what is found into a new folder inside of this one."""
        self._set(JobStatus(True))
        self._start(lambda: report_job(wanted, scene, folder, made_at), self._on_result)

    def read_pair(self, wanted: Wanted) -> None:
        """Read two sources, to swipe between them."""
        self._pair = wanted
        self._set(JobStatus(True))
        self._start(lambda: pair_job(wanted), self._on_result)

    def follow_pair(self) -> bool:
        """Read the last pair again, without a status; False if another job comes first."""
        pair = self._pair
        if self._job.running or pair is None:
            return False
        self._start(lambda: pair_job(pair), self._on_result)
        return True

    def highlight(self, pair: tuple[int, int], view: Window) -> None:
        """Find the pixels of a pair of classes (of A, of B) in view; a comparison goes first."""
        compared = self.compared
        if compared is not None and not self.status.busy:
            self._start(lambda: highlight_job(compared, pair, view), self._on_result)

    def forget(self) -> None:
        """Another scene: what was found is not of it."""
        super().forget()
        self.compared = self._pair = None
        self.found.emit(None)

    def _on_result(self, result: object) -> None:
        match result:
            case Compared():
                self._take(result, JobStatus())
            case Written():
                self._take(result.compared, JobStatus(page=result.page))
            case Pair() if self.status.busy:
                self.read.emit(result)
                self._set(JobStatus())
            case Pair():
                self.read_again.emit(result)
            case Highlighted():
                self.highlighted.emit(result)
            case float() if self.status.busy:
                self._set(JobStatus(True, result))

    def _take(self, compared: Compared, status: JobStatus) -> None:
        self.compared = compared
        self._set(status)
        self.found.emit(compared)
