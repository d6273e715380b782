"""Long edits on a thread of their own, with progress, that can be stopped."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, Signal

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    Edit = Callable[[Callable[[float], None]], None]


class Stopped(Exception):
    """The person stopped the edit."""


class LongEdit(QObject):
    """Runs one edit at a time; while it runs, nobody else may touch the corrections."""

    progressed = Signal(float)
    ended = Signal(object)
    """The exception that ended it, `Stopped` among them, or None."""

    _ended = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._stop = threading.Event()
        self._future: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, "uhrnet-edit")
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    @property
    def is_running(self) -> bool:
        """Whether an edit has begun for which ``ended`` was not emitted yet."""
        return self._future is not None

    def start(self, edit: Edit) -> None:
        """Run an edit; it is given a function to call with the share, 0..1, that is done."""
        self._stop.clear()
        future = self._future = self._thread.submit(edit, self._report)
        future.add_done_callback(self._ended.emit)

    def stop(self) -> None:
        """Stop after the current block; the edit undoes what it did."""
        self._stop.set()

    def end(self) -> None:
        """Stop, and wait until nothing is written any more; ``ended`` is not emitted."""
        self.stop()
        future, self._future = self._future, None
        if future is not None:
            wait([future])

    def close(self) -> None:
        """End for good."""
        self.end()
        self._thread.shutdown(wait=True)

    def _report(self, share: float) -> None:
        if self._stop.is_set():
            raise Stopped
        self.progressed.emit(share)

    def _on_ended(self, future: Future[None]) -> None:
        if future is self._future:
            self._future = None
            self.ended.emit(future.exception())
