"""A file that only grows, in frames of which each is whole or seen not to be."""

from __future__ import annotations

import os
import struct
import zlib
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.store.files.disk import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAGIC = b"UHRNJRN1"
_HEAD = struct.Struct("<II")
"""Length of what follows, and its CRC-32."""


class FrameFile:
    """Frames are named by their offset in bytes. One process at a time."""

    def __init__(self, path: Path) -> None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        self._file = os.fdopen(handle, "r+b", buffering=0)
        start = self._file.read(len(_MAGIC))
        if start != _MAGIC and not _MAGIC.startswith(start):
            self._file.close()
            raise UserError(
                f"{path}: this is no journal of this version of napari-uhrnet: update it or move "
                "the file away, which forgets what can be undone"
            )
        self.end = 0
        if start != _MAGIC:
            self.truncate(0)
            self._put(_MAGIC)
            sync_folder(path.parent)
        self.end = len(_MAGIC)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def scan(self) -> Iterator[tuple[int, bytes]]:
        """(offset, content) of all frames; what is torn at the end is cut off."""
        self.end = len(_MAGIC)
        while (payload := self._read(self.end)) is not None:
            offset = self.end
            self.end += _HEAD.size + len(payload)
            yield offset, payload
        if os.fstat(self._file.fileno()).st_size > self.end:
            self.truncate(self.end)

    def read(self, offset: int) -> bytes:
        """Content of the frame at an offset."""
        payload = self._read(offset)
        if payload is None:
            raise ValueError(f"no frame at {offset}")
        return payload

    def append(self, payload: bytes, *, sync: bool = True) -> int:
        """Add a frame and have it on the disk; its offset. If that fails nothing is added.

        Without ``sync``, it is on the disk when a later frame is.
        """
        offset = self.end
        try:
            self._put(_HEAD.pack(len(payload), zlib.crc32(payload)) + payload, sync=sync)
        except OSError:
            self.truncate(offset)
            raise
        return offset

    def truncate(self, offset: int) -> None:
        """Drop everything from an offset on."""
        self._file.truncate(offset)
        os.fsync(self._file.fileno())
        self.end = offset

    def _put(self, data: bytes, *, sync: bool = True) -> None:
        self._file.seek(self.end)
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
        if sync:
            os.fsync(self._file.fileno())
        self.end += len(data)

    def _read(self, offset: int) -> bytes | None:
        self._file.seek(offset)
        head = self._file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        length, checksum = _HEAD.unpack(head)
        # A torn head may claim any length: never ask for more than there is.
        if not 0 < length <= os.fstat(self._file.fileno()).st_size - offset - _HEAD.size:
            return None
        payload = self._file.read(length)
        return payload if zlib.crc32(payload) == checksum else None
