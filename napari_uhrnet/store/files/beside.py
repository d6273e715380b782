"""Files and folders that appear under their name when they are whole, or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

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
    folder = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with os_errors(path):
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
