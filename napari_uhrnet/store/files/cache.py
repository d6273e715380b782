"""Where predictions are cached, and how the cache is kept small."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from typing import TYPE_CHECKING

from filelock import Timeout

from napari_uhrnet.store.files.disk import disk_errors
from napari_uhrnet.store.files.in_use import is_in_use, store_lock

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

DEFAULT_MAX_BYTES = 20 * 2**30
"""Predictions beyond this are deleted, those used longest ago first."""

LAST_USED = "last_used"
"""Empty file in a store's folder, changed whenever the store is opened or closed."""


def prediction_folder(root: Path, *key_parts: str) -> Path:
    """Folder of the store with this key; different parts, different folder."""
    digest = hashlib.sha256()
    for part in key_parts:
        # With its length, so that ("ab", "c") and ("a", "bc") differ.
        digest.update(f"{len(part)}:{part}".encode())
    return root / "predictions" / digest.hexdigest()[:32]


def trim(
    root: Path, max_bytes: int = DEFAULT_MAX_BYTES, keep: Collection[Path] = ()
) -> tuple[Path, ...]:
    """Delete predictions, longest unused first, until the rest is no larger than ``max_bytes``.

    Those in ``keep`` and those that any process has open are never deleted. Returns the folders
    that were.
    """
    folders = sorted((f for f in (root / "predictions").glob("*") if f.is_dir()), key=_last_used)
    sizes = {}
    for folder in folders:
        if "." in folder.name:
            _delete_left_over(folder)
        else:
            sizes[folder] = _size_bytes(folder)
    total, deleted = sum(sizes.values()), []
    for folder, size in sizes.items():
        if total <= max_bytes:
            break
        if folder not in keep and _delete_unless_used(folder):
            total -= size
            deleted.append(folder)
    return tuple(deleted)


def creating_name(folder: Path) -> Path:
    """A folder beside, in which a store is put together before it gets its name."""
    return folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.creating")


def move_away(folder: Path) -> Path:
    """Rename a store, under its lock, to what can't be taken for one; the caller deletes that."""
    doomed = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.deleting")
    os.replace(folder, doomed)
    return doomed


def _delete_unless_used(folder: Path) -> bool:
    try:
        with disk_errors(folder), store_lock(folder, wait=False):
            if is_in_use(folder):
                return False
            doomed = move_away(folder)
    except Timeout:
        return False
    shutil.rmtree(doomed, ignore_errors=True)
    return True


def _delete_left_over(folder: Path) -> None:
    """Delete what a process that died while creating or deleting a store left behind."""
    store = folder.with_name(folder.name.split(".")[0])
    try:
        with store_lock(store, wait=False):
            shutil.rmtree(folder, ignore_errors=True)
    except Timeout:
        return


def _last_used(folder: Path) -> float:
    try:
        return (folder / LAST_USED).stat().st_mtime
    except OSError:
        return 0.0


def _size_bytes(folder: Path) -> int:
    total, folders = 0, [os.fspath(folder)]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except FileNotFoundError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                total += _file_bytes(entry)
    return total


def _file_bytes(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except FileNotFoundError:
        return 0
