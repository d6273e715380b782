"""How well the edges of classes are met: boundary F1, counted block by block."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.window import Window

PREDICTED, PREDICTED_NEAR, TRUE, TRUE_NEAR = range(4)
"""Rows of boundary counts: boundary pixels, and those of them with a counterpart nearby."""


@dataclass(frozen=True)
class Tolerance:
    """How far apart two boundaries may be and still be the same."""

    value: float
    unit: str

    @classmethod
    def parse(cls, text: str) -> Tolerance:
        """From "3m" (metres on the ground) or "5px" (the scene's own pixels)."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(m|px)\s*", text)
        if found is None:
            raise UserError(f"{text}: a tolerance is metres or pixels, such as 3m or 5px")
        return cls(float(found[1]), found[2])

    def px(self, pixel_size_m: float) -> float:
        """In pixels of this size."""
        return self.value / pixel_size_m if self.unit == "m" else self.value

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


DEFAULT_TOLERANCE = Tolerance(3.0, "m")
"""About what two people who draw the same edge in half-metre images differ by.

The usual 0.75 % of the diagonal would be 26 px in a DeepGlobe image, and 1000 px in a large scene.
"""


def halo_px(tolerance_px: float) -> int:
    """How far around a block labels must be known for its counts to be exact."""
    return math.floor(tolerance_px) + 1


def boundary(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(h, w) bool: pixels above, below or beside one of another class; 255 is no class."""
    edge = np.zeros(labels.shape, np.bool_)
    for axis in (0, 1):
        low = np.moveaxis(labels, axis, 0)[:-1]
        high = np.moveaxis(labels, axis, 0)[1:]
        differ = (low != high) & (low != NOTHING) & (high != NOTHING)
        seen = np.moveaxis(edge, axis, 0)
        seen[:-1] |= differ
        seen[1:] |= differ
    return edge


def boundary_counts(
    truth: NDArray[np.uint8], labels: NDArray[np.uint8], inner: Window, tolerance_px: float
) -> NDArray[np.float64]:
    """(4, 256) pixels by class id: boundary pixels in ``inner`` and those that are met.

    Parameters
    ----------
    truth, labels
        (h, w) uint8 ids of one class table, 255 where nothing is to be counted; reaching
        `halo_px` beyond ``inner`` wherever the scene does.
    inner
        The block that is counted, in pixels of these arrays.
    tolerance_px
        Largest distance, centre to centre, to a boundary pixel of the same class.
    """
    guess_points, true_points = _points(labels), _points(truth)
    counts = np.zeros((4, 256))
    for row, points, others in (
        (PREDICTED, guess_points, true_points),
        (TRUE, true_points, guess_points),
    ):
        own = points[_inside(points, inner)]
        near = own[_met(own, others, tolerance_px)]
        counts[row] = np.bincount(own[:, 2], minlength=256)
        counts[row + 1] = np.bincount(near[:, 2], minlength=256)
    return counts


def boundary_f1(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,) F1 of (4, K) counts; NaN for a class without a boundary on either side."""
    guess, true = counts[PREDICTED], counts[TRUE]
    precision = np.divide(counts[PREDICTED_NEAR], guess, out=np.zeros_like(guess), where=guess > 0)
    recall = np.divide(counts[TRUE_NEAR], true, out=np.zeros_like(true), where=true > 0)
    both = precision + recall
    f1: NDArray[np.float64] = np.divide(
        2 * precision * recall, both, out=np.zeros_like(both), where=both > 0
    )
    f1[(guess == 0) & (true == 0)] = np.nan
    return f1


def _points(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(n, 3) row, column and class of the boundary pixels."""
    y, x = np.nonzero(boundary(labels))
    return np.stack([y, x, labels[y, x].astype(np.int64)], axis=1)


def _inside(points: NDArray[np.int64], inner: Window) -> NDArray[np.bool_]:
    y, x = points[:, 0], points[:, 1]
    within: NDArray[np.bool_] = (
        (y >= inner.y) & (y < inner.bottom) & (x >= inner.x) & (x < inner.right)
    )
    return within


def _met(
    points: NDArray[np.int64], others: NDArray[np.int64], tolerance_px: float
) -> NDArray[np.bool_]:
    """Which points have one of the same class among the others, no farther than the tolerance."""
    from scipy.spatial import cKDTree

    if not len(others) or not len(points):
        return np.zeros(len(points), np.bool_)
    # A third axis along which classes are too far apart to meet: one tree for all of them.
    apart = np.array([1.0, 1.0, tolerance_px + 1])
    tree = cKDTree(others * apart, balanced_tree=False, compact_nodes=False)
    distance, _ = tree.query(points * apart, distance_upper_bound=tolerance_px + 0.5)
    met: NDArray[np.bool_] = distance <= tolerance_px + 1e-9
    return met
