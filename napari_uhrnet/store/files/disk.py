"""Chunk files, files that appear whole, and errors of a full disk as sentences."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

ZSTD_LEVEL = 1
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def disk_errors(
    folder: Path,
    name: str = "the cache",
    advice: str = "move the cache with NAPARI_UHRNET_CACHE",
) -> Iterator[None]:
    """Turn an error of the operating system about a folder into a UserError."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise UserError(f"{folder}: the disk is full: free space or {advice}") from error
        raise UserError(
            f"{folder}: {name} cannot be used ({error.strerror or error}): check the folder or "
            f"{advice}"
        ) from error


def is_full(error: OSError) -> bool:
    """Whether there was no room for what was written: on the disk, in a quota, in one file."""
    return error.errno in _FULL


def write_whole(path: Path, data: bytes | memoryview, *, durable: bool = False) -> None:
    """Write a file beside and put it in place: readers see the old one or the new one.

    Only one writer at a time; what a killed writer left beside is overwritten by the next.
    A durable file outlasts a power failure from the moment that this returns.
    """
    beside = path.with_name(path.name + ".part")
    try:
        file = beside.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = beside.open("wb")
    try:
        with file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(beside, path)
        if durable:
            sync_folder(path.parent)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def sync_file(path: Path) -> None:
    """Have the system put a file on the disk; one that is gone needs nothing."""
    try:
        # Not read-only: Windows syncs only what may be written.
        with path.open("r+b") as file:
            os.fsync(file.fileno())
    except FileNotFoundError:
        return


def sync_folder(folder: Path) -> None:
    """Have the system put the names in a folder on the disk, where it can be asked to."""
    if os.name != "posix":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Damaged(UserError):
    """A file of a store that cannot be what was written into it."""


class ChunkFiles:
    """The chunks of one zarr v3 array on disk (uint8, zstd).

    Written as files, because an update through zarr costs several times as much and its older
    versions do not replace a chunk at once.
    """

    def __init__(
        self,
        folder: Path,
        chunk_shape: tuple[int, int],
        fill: int = 255,
        damaged: str = "the cached prediction is damaged: segment again, which makes it anew",
    ) -> None:
        from numcodecs import Zstd

        self._folder = folder
        self._shape = chunk_shape
        self._fill = fill
        self._damaged = damaged
        self._codec = Zstd(level=ZSTD_LEVEL)

    def path(self, index: tuple[int, int]) -> Path:
        """File of a chunk, which need not exist."""
        return self._folder / "c" / str(index[0]) / str(index[1])

    def read(self, index: tuple[int, int]) -> NDArray[np.uint8]:
        """A whole chunk (height, width) as a writable copy; fill value if it was never written."""
        chunk = np.empty(self._shape, np.uint8)
        try:
            data = self.path(index).read_bytes()
        except FileNotFoundError:
            chunk.fill(self._fill)
            return chunk
        try:
            self._codec.decode(data, chunk)
        except RuntimeError as error:
            # Only a computer that lost its power leaves such a file.
            raise Damaged(f"{self.path(index)}: {self._damaged}") from error
        return chunk

    def write(self, index: tuple[int, int], chunk: NDArray[np.uint8]) -> None:
        """Replace a whole chunk."""
        write_whole(self.path(index), self._codec.encode(chunk))

    def remove(self, index: tuple[int, int]) -> None:
        """Let a chunk be all fill value again, which takes no space."""
        self.path(index).unlink(missing_ok=True)

    def written(self) -> Iterator[tuple[int, int]]:
        """The chunks that are on disk, row by row."""
        yield from ((i, j) for i in self.written_rows() for j in self.written_columns(i))

    def written_rows(self) -> list[int]:
        """Rows in which there may be chunks on disk, ascending."""
        return _numbers(self._folder / "c")

    def written_columns(self, row: int) -> list[int]:
        """Columns of the chunks of a row that are on disk, ascending."""
        return _numbers(self._folder / "c" / str(row))


def _numbers(folder: Path) -> list[int]:
    try:
        names = os.listdir(folder)
        return sorted(int(n) for n in names if n.isascii() and n.isdecimal() and len(n) < 10)
    except (FileNotFoundError, NotADirectoryError):
        return []
