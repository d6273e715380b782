"""Chunk files, files that appear whole, and what to say when the disk is full."""

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
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the operating system says about a cache folder into a UserError."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise UserError(
                f"{folder}: the disk is full: free space or move the cache with NAPARI_UHRNET_CACHE"
            ) from error
        raise UserError(
            f"{folder}: the cache cannot be used ({error.strerror or error}): check the folder or "
            "move the cache with NAPARI_UHRNET_CACHE"
        ) from error


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write a file beside and put it in place: whoever reads sees the old one or the new one.

    Only one writer at a time; what a killed writer left beside is overwritten by the next.
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
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


class ChunkFiles:
    """The chunks of one zarr v3 array on disk (uint8, zstd, fill 255).

    Written as files, because an update through zarr costs several times as much and its older
    versions do not replace a chunk at once.
    """

    def __init__(self, folder: Path, chunk_shape: tuple[int, int]) -> None:
        from numcodecs import Zstd

        self._folder = folder
        self._shape = chunk_shape
        self._codec = Zstd(level=ZSTD_LEVEL)

    def _path(self, index: tuple[int, int]) -> Path:
        return self._folder / "c" / str(index[0]) / str(index[1])

    def read(self, index: tuple[int, int]) -> NDArray[np.uint8]:
        """A whole chunk (height, width) as a writable copy; 255 where nothing was written."""
        chunk = np.empty(self._shape, np.uint8)
        try:
            data = self._path(index).read_bytes()
        except FileNotFoundError:
            chunk.fill(255)
            return chunk
        try:
            self._codec.decode(data, chunk)
        except RuntimeError as error:
            # Only a computer that lost its power leaves such a file.
            raise UserError(
                f"{self._path(index)}: the cached prediction is damaged: delete its folder"
            ) from error
        return chunk

    def write(self, index: tuple[int, int], chunk: NDArray[np.uint8]) -> None:
        """Replace a whole chunk."""
        write_whole(self._path(index), self._codec.encode(chunk))
