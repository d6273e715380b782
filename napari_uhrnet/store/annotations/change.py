"""The pixels that an edit changes, before and after, as they are kept in the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.store.annotations.planes import PLANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.store.annotations.annotation import AnnotationStore

_ZSTD_LEVEL = 1


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
        """Compressed; `from_bytes` reads it back."""
        from numcodecs import Zstd

        w = np.array(
            [self.window.y, self.window.x, self.window.height, self.window.width], np.int64
        )
        parts = (w, np.packbits(self.mask), self.before, self.after)
        packed: bytes = Zstd(level=_ZSTD_LEVEL).encode(b"".join(p.tobytes() for p in parts))
        return packed

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """From what `to_bytes` gives."""
        from numcodecs import Zstd

        raw = np.frombuffer(Zstd().decode(data), np.uint8)
        window = Window(*(int(v) for v in raw[:32].view(np.int64)))
        end = 32 + -(-window.area_px // 8)
        mask = np.unpackbits(raw[32:end], count=window.area_px).astype(bool)
        before, after = raw[end:].reshape(2, len(PLANES), -1)
        return cls(window, mask.reshape(window.shape_yx), before, after)


def bounding_window(mask: NDArray[np.bool_]) -> Window:
    """The smallest window around the true pixels of (h, w); empty if there are none."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return Window(0, 0, 0, 0)
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return Window.between(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
