"""Runs jobs on one thread and brings their results to the main thread."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Qt, Signal

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from napari_uhrnet.session.runner import Job


class ThreadRunner(QObject):
    """The `Runner` of the window.

    One thread for all jobs: torch keeps its own threads per calling thread, and jobs share caches
    that only one may touch.
    """

    _arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._stop = threading.Event()
        self._closed = False
        self._thread = ThreadPoolExecutor(1, "uhrnet")
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)

    def start(self, job: Job) -> None:
        """See `Runner`."""
        self._stop.set()
        self._stop = threading.Event()
        future = self._thread.submit(self._walk, job, self._stop)
        future.add_done_callback(partial(self._end, job))

    def stop(self) -> None:
        """See `Runner`."""
        self._stop.set()

    def close(self, last: Callable[[], None]) -> None:
        """See `Runner`. Returns at once; the thread ends after the batch that it computes."""
        if self._closed:
            return
        self._closed = True
        self._stop.set()
        self._thread.submit(last)
        self._thread.shutdown(wait=False)

    def _walk(self, job: Job, stop: threading.Event) -> None:
        if stop.is_set():
            return
        steps = job.steps()
        try:
            for result in steps:
                self._deliver(partial(job.on_result, result))
                if stop.is_set():
                    break
        finally:
            steps.close()

    def _end(self, job: Job, future: Future[None]) -> None:
        self._deliver(partial(job.on_end, future.exception()))

    def _deliver(self, call: Callable[[], Any]) -> None:
        if not self._closed:
            self._arrived.emit(call)

    def _on_arrived(self, call: Callable[[], Any]) -> None:
        if not self._closed:
            call()
