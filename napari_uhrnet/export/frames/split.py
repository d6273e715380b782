"""Frames for training, validation and test, cut apart by region so that neighbours don't leak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.window import Window

PARTS = ("train", "val", "test")

Shares = tuple[float, float, float]
"""How much of the frames train, val and test get; they add up to 1."""


def split_by_region(windows: Sequence[Window], shares: Shares) -> list[str | None]:
    """The part of each window; None for those that are dropped.

    One straight cut parts the region of train from the rest, another one parts the rest into val
    and test. A window belongs to a part if it lies whole in its region, so no two windows of
    different parts share a pixel. Cuts are where the side that comes off worse gets most of its
    share. A part may get nothing if there are too few windows.
    """
    parts: list[str | None] = [None] * len(windows)
    corners = np.array([(w.y, w.x, w.bottom, w.right) for w in windows]).reshape(-1, 4)
    train, rest = _cut(corners, np.arange(len(windows)), shares[0], shares[1] + shares[2])
    val, test = _cut(corners, rest, shares[1], shares[2])
    for part, indices in zip(PARTS, (train, val, test), strict=True):
        for i in indices.tolist():
            parts[i] = part
    return parts


def _cut(
    corners: NDArray[np.int64], indices: NDArray[np.int64], first: float, second: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of the windows lie before and behind the best cut, for two shares."""
    nothing = indices[:0]
    if second == 0 or not len(indices):
        return indices, nothing
    if first == 0:
        return nothing, indices
    cuts = [_best_place(corners[indices], axis, first / (first + second)) for axis in (0, 1)]
    _, axis, place = max(cuts)
    starts, ends = corners[indices, axis], corners[indices, axis + 2]
    return indices[ends <= place], indices[starts >= place]


def _best_place(
    corners: NDArray[np.int64], axis: int, share: float
) -> tuple[tuple[float, int], int, int]:
    """How good the best cut across an axis is, the axis, and where it is."""
    starts, ends = np.sort(corners[:, axis]), np.sort(corners[:, axis + 2])
    places = np.unique(starts)
    before = np.searchsorted(ends, places, side="right")
    behind = len(starts) - np.searchsorted(starts, places, side="left")
    worse = np.minimum(before / share, behind / (1 - share))
    kept = before + behind
    best = np.lexsort((kept, worse))[-1]
    return (float(worse[best]), int(kept[best])), axis, int(places[best])
