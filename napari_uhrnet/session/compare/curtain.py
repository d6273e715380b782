"""Labels made of two pyramids of labels while they are read: where they differ, and a curtain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

IN_MEMORY_CHUNKS = (512, 512)
DIVIDER_PX = 2
"""Width of the line between both sides, in pixels of the level that is shown."""


@dataclass(frozen=True, eq=False)
class _Level:
    """(height, width) uint8 array to be read by windows, of two arrays of that shape."""

    a: Any
    b: Any

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self.a.shape
        return int(height), int(width)

    @property
    def chunks(self) -> tuple[int, int]:
        """Shape of the pieces that are stored, which napari reads whole."""
        height, width = getattr(self.a, "chunks", IN_MEMORY_CHUNKS)
        return int(height), int(width)

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        return np.dtype(np.uint8)

    @property
    def ndim(self) -> int:
        return 2

    @property
    def size(self) -> int:
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole: NDArray[Any] = np.asarray(self[:, :], dtype)
        return whole

    def __getitem__(self, key: tuple[slice, slice]) -> NDArray[np.uint8]:
        raise NotImplementedError


class _DisagreementLevel(_Level):
    def __getitem__(self, key: tuple[slice, slice]) -> NDArray[np.uint8]:
        a, b = np.asarray(self.a[key]), np.asarray(self.b[key])
        differs: NDArray[np.uint8] = (a != b).astype(np.uint8)
        differs[(a == NOTHING) | (b == NOTHING)] = NOTHING
        return differs


@dataclass(frozen=True, eq=False)
class _CurtainLevel(_Level):
    column: Callable[[], int]
    swapped: Callable[[], bool]
    divider: int

    def __getitem__(self, key: tuple[slice, slice]) -> NDArray[np.uint8]:
        rows, columns = key
        start, stop, step = columns.indices(self.shape[1])
        column = self.column()
        cut = min(max(column, start), stop)
        left, right = (self.b, self.a) if self.swapped() else (self.a, self.b)
        # A step begins anew at the cut; napari reads levels without one.
        values = np.concatenate(
            [np.asarray(left[rows, start:cut:step]), np.asarray(right[rows, cut:stop:step])],
            axis=1,
        )
        line = slice(max(0, column - DIVIDER_PX // 2 - start), max(0, column + 1 - start))
        values[:, line] = self.divider
        return values


def disagreement(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    """Levels of 1 where two pyramids of labels differ, 0 where not, 255 where one has nothing."""
    return [_DisagreementLevel(x, y) for x, y in zip(a, b, strict=True)]


class Curtain:
    """Left of a column the one pyramid of labels, right of it the other.

    ``column_px`` is a column of the finest level; ``is_swapped`` is whether each shows on the other
    side. Both may be changed at any time; what is read from ``levels`` follows. The line between
    both has the id ``divider``.
    """

    def __init__(self, a: Sequence[Any], b: Sequence[Any], divider: int) -> None:
        self.width_px = int(a[0].shape[1])
        self.column_px = self.width_px // 2
        self.is_swapped = False
        self.levels = [self._level(x, y, divider) for x, y in zip(a, b, strict=True)]

    def _level(self, a: Any, b: Any, divider: int) -> _CurtainLevel:
        width = int(a.shape[1])

        def column() -> int:
            return self.column_px * width // self.width_px

        return _CurtainLevel(a, b, column, lambda: self.is_swapped, divider)
