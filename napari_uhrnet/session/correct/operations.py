"""Operations on labels: the label of a pixel from the labels around it.

Every operation takes the (h, w) uint8 labels that are shown and returns the wanted ones. A pixel
depends on its neighbours up to ``halo_px`` away and on nothing else, so that blocks read with that
margin give what the whole array would, pixel for pixel. Beyond the array there is nothing (255).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.correct import words

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Operation(Protocol):
    """An edit of the labels of a region."""

    @property
    def kind(self) -> str:
        """Name of the edit, for undo."""
        ...

    @property
    def halo_px(self) -> int:
        """How far around a pixel its label depends on others."""
        ...

    def __call__(
        self, shown: NDArray[np.uint8], at_edge: tuple[bool, bool, bool, bool]
    ) -> NDArray[np.uint8]:
        """The wanted labels. ``at_edge``: whether top, left, bottom, right is the scene's edge."""
        ...


@dataclass(frozen=True)
class SetClass:
    """All pixels get this class; 255 resets them to the prediction, not reviewed."""

    class_id: int
    kind: str = words.SET_CLASS
    halo_px: int = 0

    def __call__(self, shown: NDArray[np.uint8], at_edge: object) -> NDArray[np.uint8]:
        """See `Operation`."""
        return np.full_like(shown, self.class_id)


@dataclass(frozen=True)
class ReplaceClass:
    """One class becomes another."""

    old_id: int
    new_id: int
    kind: str = words.REPLACE_CLASS
    halo_px: int = 0

    def __call__(self, shown: NDArray[np.uint8], at_edge: object) -> NDArray[np.uint8]:
        """See `Operation`."""
        return np.where(shown == self.old_id, np.uint8(self.new_id), shown)


@dataclass(frozen=True)
class Grow:
    """A class takes all pixels up to ``radius_px`` from it."""

    class_id: int
    radius_px: int
    kind: str = words.GROW

    @property
    def halo_px(self) -> int:
        """See `Operation`."""
        return self.radius_px

    def __call__(self, shown: NDArray[np.uint8], at_edge: object) -> NDArray[np.uint8]:
        """See `Operation`."""
        near = disk_counts(shown == self.class_id, self.radius_px) > 0
        return np.where(near, np.uint8(self.class_id), shown)


@dataclass(frozen=True)
class Shrink:
    """A class gives the pixels up to ``radius_px`` from another one to the nearest."""

    class_id: int
    radius_px: int
    kind: str = words.SHRINK

    @property
    def halo_px(self) -> int:
        """See `Operation`."""
        return self.radius_px

    def __call__(self, shown: NDArray[np.uint8], at_edge: object) -> NDArray[np.uint8]:
        """See `Operation`."""
        own = shown == self.class_id
        freed = own & (disk_counts(~own & (shown != NOTHING), self.radius_px) > 0)
        return to_nearest_other(shown, freed, self.class_id, self.radius_px)


@dataclass(frozen=True)
class Smooth:
    """A class holds the pixels around which, up to ``radius_px``, more than half are of it."""

    class_id: int
    radius_px: int
    kind: str = words.SMOOTH

    @property
    def halo_px(self) -> int:
        """See `Operation`."""
        return self.radius_px

    def __call__(self, shown: NDArray[np.uint8], at_edge: object) -> NDArray[np.uint8]:
        """See `Operation`."""
        own = shown == self.class_id
        twice = 2 * disk_counts(own, self.radius_px)
        labelled = disk_counts(shown != NOTHING, self.radius_px)
        kept = to_nearest_other(shown, own & (twice < labelled), self.class_id, self.radius_px)
        return np.where(~own & (twice > labelled), np.uint8(self.class_id), kept)


@dataclass(frozen=True)
class FillHoles:
    """A class takes the regions it encloses, if they are at most ``largest_px`` high and wide.

    A hole is a connected region (4-neighbours) that does not touch the edge of the scene.
    """

    class_id: int
    largest_px: int = 256
    kind: str = words.FILL_HOLES

    @property
    def halo_px(self) -> int:
        """See `Operation`."""
        return self.largest_px

    def __call__(
        self, shown: NDArray[np.uint8], at_edge: tuple[bool, bool, bool, bool]
    ) -> NDArray[np.uint8]:
        """See `Operation`."""
        from scipy.ndimage import find_objects, label

        pieces, count = label(shown != self.class_id)
        hole = np.zeros(count + 1, np.bool_)
        for number, place in enumerate(find_objects(pieces), 1):
            hole[number] = all(s.stop - s.start <= self.largest_px for s in place)
        top, left, bottom, right = at_edge
        sides = ((top, pieces[:1]), (left, pieces[:, :1]), (bottom, pieces[-1:]))
        for is_edge, side in (*sides, (right, pieces[:, -1:])):
            if is_edge:
                hole[np.unique(side)] = False
        hole[0] = False
        return np.where(hole[pieces], np.uint8(self.class_id), shown)


def disk_counts(mask: NDArray[np.bool_], radius_px: int) -> NDArray[np.int32]:
    """(h, w): how many true pixels lie at most a radius away, in exact whole numbers."""
    height, width = mask.shape
    # Sums along rows, of a row that is longer by the radius on both sides.
    sums = np.zeros((height, width + 2 * radius_px + 1), np.int32)
    np.cumsum(np.pad(mask, ((0, 0), (radius_px, radius_px))), axis=1, out=sums[:, 1:])
    counts = np.zeros(mask.shape, np.int32)
    for dy in range(-min(radius_px, height - 1), min(radius_px, height - 1) + 1):
        reach = math.isqrt(radius_px**2 - dy**2)
        rows = sums[max(0, dy) : height + min(0, dy)]
        last = rows[:, radius_px + reach + 1 :][:, :width]
        counts[max(0, -dy) : height - max(0, dy)] += last - rows[:, radius_px - reach :][:, :width]
    return counts


def to_nearest_other(
    shown: NDArray[np.uint8], freed: NDArray[np.bool_], class_id: int, radius_px: int
) -> NDArray[np.uint8]:
    """Give freed pixels the label of the nearest other class; of equally near ones the first."""
    wanted = shown.copy()
    ys, xs = np.nonzero(freed)
    for dy, dx in _offsets(radius_px):
        if not len(ys):
            break
        y, x = ys + dy, xs + dx
        inside = (y >= 0) & (y < shown.shape[0]) & (x >= 0) & (x < shown.shape[1])
        labels = np.full(len(ys), NOTHING, np.uint8)
        labels[inside] = shown[y[inside], x[inside]]
        found = (labels != NOTHING) & (labels != class_id)
        wanted[ys[found], xs[found]] = labels[found]
        ys, xs = ys[~found], xs[~found]
    return wanted


def _offsets(radius_px: int) -> list[tuple[int, int]]:
    """(dy, dx) in a disk, nearest first."""
    span = range(-radius_px, radius_px + 1)
    near = [(dy * dy + dx * dx, dy, dx) for dy in span for dx in span]
    return [(dy, dx) for d, dy, dx in sorted(near) if d <= radius_px**2]
