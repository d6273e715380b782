"""Locks beside the folder of a store: one to write, one for each process that has it open.

They lie beside and not in it, so that they outlive its deletion and creation. The operating system
releases the locks of a process that dies.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from pathlib import Path


def store_lock(folder: Path, *, wait: bool = True) -> FileLock:
    """Held while a store is created, written or deleted; without ``wait`` raises `Timeout`."""
    return FileLock(folder.with_name(f"{folder.name}.lock"), timeout=-1 if wait else 0)


class UseMarker:
    """Marks a store as open in this process, until it closes it or dies.

    Make and look for it under the `store_lock`.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.inuse")
        # Opened by one thread and closed by another.
        self._lock = FileLock(self._path, thread_local=False)
        self._lock.acquire()

    def release(self) -> None:
        """The store may be deleted as far as this process is concerned."""
        self._lock.release()
        self._path.unlink(missing_ok=True)


def is_in_use(folder: Path) -> bool:
    """Whether a living process has the store open; removes the markers of dead ones."""
    for path in folder.parent.glob(f"{folder.name}.*.inuse"):
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        path.unlink(missing_ok=True)
    return False
