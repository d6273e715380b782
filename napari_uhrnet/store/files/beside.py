"""Files and folders that appear under their name when they are whole, or not at all."""

from __future__ import annotations

import os
import re
import shutil
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from napari_uhrnet.errors import UserError
from napari_uhrnet.store.files.disk import is_full

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Give a path to write to; what is there in the end takes the place of ``path``.

    If the body fails, nothing is left and what was at ``path`` stays; `OSError` becomes
    `UserError`.
    """
    _clear_left_over(path)
    folder = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    lock = FileLock(_lock_file(folder), timeout=0, thread_local=False)
    try:
        with os_errors(path):
            lock.acquire()
            folder.mkdir()
            yield folder / path.name
            if path.is_dir():
                os.replace(path, folder / "replaced")
            try:
                os.replace(folder / path.name, path)
            except OSError:
                if (folder / "replaced").exists():
                    os.replace(folder / "replaced", path)
                raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        with suppress(OSError):
            _lock_file(folder).unlink()


def _clear_left_over(path: Path) -> None:
    """Delete what processes that were killed left of this file; the system released their locks."""
    pattern = re.compile(re.escape(f".{path.name}.") + r"[0-9a-f]{8}\.part(\.lock)?")
    try:
        names = [name for name in os.listdir(path.absolute().parent) if pattern.fullmatch(name)]
    except OSError:
        return
    for name in {name.removesuffix(".lock") for name in names}:
        _delete_unless_written(path.with_name(name))


def _delete_unless_written(folder: Path) -> None:
    # Without the lock file, nobody has it: who writes makes that first.
    lock = FileLock(_lock_file(folder), timeout=0)
    try:
        with lock:
            shutil.rmtree(folder, ignore_errors=True)
            _lock_file(folder).unlink(missing_ok=True)
    except (OSError, Timeout):
        return


def _lock_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


@contextmanager
def os_errors(path: Path) -> Iterator[None]:
    """Turn an error of the operating system about a file into a UserError."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            reason = "the disk is full: free space or choose another folder"
        else:
            reason = f"cannot be written ({error.strerror or error}): choose another place"
        raise UserError(f"{path}: {reason}") from error


def check_parent(path: Path) -> None:
    """UserError if the folder that a file is to be written to is missing or can't be written."""
    parent = path.absolute().parent
    if not parent.is_dir():
        raise UserError(f"{path}: there is no folder {parent}: make it or choose another")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UserError(f"{path}: folder {parent} cannot be written: choose another")
