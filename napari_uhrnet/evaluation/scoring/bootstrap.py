"""How sure a difference of two models' scores is: bootstrap over groups of scenes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.metrics import iou_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.metrics import Unknown

DRAWS = 10_000
_AT_ONCE = 500


@dataclass(frozen=True)
class Interval:
    """``difference`` of all scenes, B's minus A's, and the interval it lies in at ``level``."""

    difference: float
    low: float
    high: float
    level: float
    groups: int


def miou_interval(
    a: Mapping[str, Sequence[NDArray[np.float64]]],
    b: Mapping[str, Sequence[NDArray[np.float64]]],
    classes: ClassTable,
    unknown: Unknown,
    *,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """The interval of the difference of mIoU, model B's minus model A's, on the same scenes.

    Parameters
    ----------
    a, b
        For each group of scenes that belong together (such as tiles of one image), the (K, K + 1)
        counts of each of its scenes: `BranchCounts.pairs`, weighted alike.
    """

    def miou(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        mean: NDArray[np.float64] = iou_of(counts, classes, unknown).mean(axis=-1)
        return mean

    return interval(a, b, miou, level=level, draws=draws, seed=seed)


def interval(
    a: Mapping[str, Sequence[NDArray[np.float64]]],
    b: Mapping[str, Sequence[NDArray[np.float64]]],
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    *,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """The percentile interval of the difference of a statistic of summed counts.

    Whole groups are drawn with replacement, the same ones for both models; ``statistic`` takes
    (D, ...) counts to (D,) values. The same seed gives the same interval. Raises UserError if the
    models were not counted on the same groups, or on fewer than two.
    """
    names = sorted(a)
    if names != sorted(b) or any(len(a[n]) != len(b[n]) for n in names):
        raise UserError("the two models were not scored on the same scenes: score them again")
    if len(names) < 2:
        raise UserError("an interval needs at least two groups of scenes: score more of them")
    ours, theirs = (np.stack([np.sum(m[n], axis=0) for n in names]) for m in (a, b))
    rng = np.random.default_rng(seed)
    found = [
        statistic(_drawn(times, theirs)) - statistic(_drawn(times, ours))
        for times in _times(rng, len(names), draws)
    ]
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(found), [tail, 1 - tail])
    whole = np.ones((1, len(names)), np.int64)
    difference = statistic(_drawn(whole, theirs)) - statistic(_drawn(whole, ours))
    return Interval(float(difference[0]), float(low), float(high), level, len(names))


def _times(rng: np.random.Generator, groups: int, draws: int) -> list[NDArray[np.int64]]:
    """How often each group is drawn, (D, groups), some draws at once."""
    sizes = [min(_AT_ONCE, draws - k) for k in range(0, draws, _AT_ONCE)]
    return [rng.multinomial(groups, np.full(groups, 1 / groups), size=n) for n in sizes]


def _drawn(times: NDArray[np.int64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(D, ...) sums of (G, ...) counts."""
    sums: NDArray[np.float64] = np.tensordot(times.astype(np.float64), counts, axes=1)
    return sums
