"""The pixels that an edit changes, before and after, as they are kept in the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.store.annotations.planes import PLANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.store.annotations.annotation import AnnotationStore

MAX_RAW_BYTES = 2**30
"""Of one change before it is compressed: more than a hundred million pixels."""

_ZSTD_LEVEL = 1
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_WINDOW_BYTES = 32


@dataclass(frozen=True)
class Change:
    """Smallest window around the changed pixels.

    ``mask`` is (h, w) bool; ``before`` and ``after`` are (3, n) uint8 for its n pixels.
    """

    window: Window
    mask: NDArray[np.bool_]
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]

    @classmethod
    def between(cls, window: Window, old: NDArray[np.uint8], new: NDArray[np.uint8]) -> Self | None:
        """From two (3, h, w) states of a window; None if they are equal."""
        mask = (old != new).any(axis=0)
        box = bounding_window(mask)
        if not box:
            return None
        inner = mask[box.slices]
        rows, columns = box.slices
        # Plane by plane: numpy is several times slower with a mask behind a slice.
        before, after = (
            np.stack([plane[rows, columns][inner] for plane in state]) for state in (old, new)
        )
        return cls(box.shift(window.y, window.x), inner, before, after)

    def apply(self, store: AnnotationStore, *, forward: bool) -> None:
        """Give the pixels of a store their values after the edit, or before it."""
        state = store.read_state(self.window)
        for plane, values in zip(state, self.after if forward else self.before, strict=True):
            plane[self.mask] = values
        store.write_state(self.window, state)

    def to_bytes(self) -> bytes:
        """Compressed; `from_bytes` reads it back. UserError if that is too much for one edit."""
        from numcodecs import Zstd

        w = np.array(
            [self.window.y, self.window.x, self.window.height, self.window.width], np.int64
        )
        parts = (w, np.packbits(self.mask), self.before, self.after)
        raw = b"".join(p.tobytes() for p in parts)
        if len(raw) > MAX_RAW_BYTES:
            raise UserError("this edit changes too many pixels at once: edit a smaller part")
        packed: bytes = Zstd(level=_ZSTD_LEVEL).encode(raw)
        return packed

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """From what `to_bytes` gives; ValueError for anything else."""
        raw = np.frombuffer(_decoded(data), np.uint8)
        if len(raw) < _WINDOW_BYTES:
            raise ValueError("there is no window in it")
        window = Window(*(int(v) for v in raw[:_WINDOW_BYTES].view(np.int64)))
        end = _WINDOW_BYTES + -(-window.area_px // 8)
        if len(raw) < end:
            raise ValueError(f"there are fewer pixels in it than in {window}")
        mask = np.unpackbits(raw[_WINDOW_BYTES:end], count=window.area_px).astype(bool)
        if len(raw) - end != 2 * len(PLANES) * np.count_nonzero(mask):
            raise ValueError(f"there are not the pixels of {window} in it")
        before, after = raw[end:].reshape(2, len(PLANES), -1)
        return cls(window, mask.reshape(window.shape_yx), before, after)


def _decoded(data: bytes) -> bytes:
    """ValueError for what was not compressed, or claims more than any edit holds."""
    from numcodecs import Zstd

    size = _content_bytes(data)
    if size is None or size > MAX_RAW_BYTES:
        raise ValueError("it is no compressed edit")
    try:
        raw: bytes = Zstd().decode(data)
    except RuntimeError as error:
        raise ValueError(str(error)) from None
    return raw


def _content_bytes(data: bytes) -> int | None:
    """What the head of a Zstandard frame (RFC 8878, 3.1.1.1) says; None if it says nothing."""
    if len(data) <= len(_ZSTD_MAGIC) or not data.startswith(_ZSTD_MAGIC):
        return None
    flags = data[len(_ZSTD_MAGIC)]
    is_single = bool(flags >> 5 & 1)
    field_bytes = (1 if is_single else 0, 2, 4, 8)[flags >> 6]
    start = len(_ZSTD_MAGIC) + 1 + (not is_single) + (0, 1, 2, 4)[flags & 3]
    size = int.from_bytes(data[start : start + field_bytes], "little")
    return None if not field_bytes else size + 256 * (field_bytes == 2)


def bounding_window(mask: NDArray[np.bool_]) -> Window:
    """The smallest window around the true pixels of (h, w); empty if there are none."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return Window(0, 0, 0, 0)
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return Window.between(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
