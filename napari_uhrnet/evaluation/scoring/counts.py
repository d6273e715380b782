"""What is counted of a scene: pairs of classes, and boundaries, per branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.evaluation.scoring.boundary import boundary_counts, halo_px
from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.metrics import Confusion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from napari_uhrnet.evaluation.scoring.truth_pairs import TruthPair
    from napari_uhrnet.geometry.classes import ClassTable, LabelClass
    from napari_uhrnet.geometry.metrics import Unknown
    from napari_uhrnet.geometry.window import Window

BLOCK_PX = 1024
"""Side of the blocks that are compared at once."""


@dataclass(frozen=True)
class BranchCounts:
    """Of K classes: ``pairs`` (K, K + 1) as of `Confusion.among`, ``boundary`` (4, K) pixels."""

    pairs: NDArray[np.float64]
    boundary: NDArray[np.float64]

    def __add__(self, other: BranchCounts) -> BranchCounts:
        return BranchCounts(self.pairs + other.pairs, self.boundary + other.boundary)

    def on_ground(self, pixel_size_m: float) -> BranchCounts:
        """Areas in square metres, boundaries in metres."""
        return BranchCounts(self.pairs * pixel_size_m**2, self.boundary * pixel_size_m)


@dataclass(frozen=True)
class SceneCounts:
    """Pixels of one scene by branch; ``pixel_size_m`` is None if it is unknown."""

    pair: TruthPair
    pixel_size_m: float | None
    branches: dict[str, BranchCounts]


def summed(scenes: Iterable[SceneCounts], *, by_area: bool) -> dict[str, BranchCounts]:
    """Counts of all scenes by branch: on the ground if ``by_area``, else in pixels."""
    total: dict[str, BranchCounts] = {}
    for scene in scenes:
        for branch, counts in scene.branches.items():
            if by_area and scene.pixel_size_m is not None:
                counts = counts.on_ground(scene.pixel_size_m)
            total[branch] = total[branch] + counts if branch in total else counts
    return total


def count_blocks(
    shape_yx: tuple[int, int],
    truth: Callable[[Window], NDArray[np.uint8]],
    labels: dict[str, Callable[[Window], NDArray[np.uint8]]],
    classes: ClassTable,
    unknown: Unknown,
    tolerance_px: float,
    block_px: int = BLOCK_PX,
) -> dict[str, BranchCounts]:
    """Compare labels with a ground truth, block by block; the result does not depend on the blocks.

    ``truth`` and the ``labels`` of each branch give (h, w) uint8 ids of ``classes`` for a window of
    level 0. Boundaries are sought where the ground truth has a class that counts.
    """
    counted = np.isin(np.arange(256), [c.id for c in classes.classes if _counts(c, unknown)])
    pairs = {branch: Confusion() for branch in labels}
    edges = {branch: np.zeros((4, 256)) for branch in labels}
    halo = halo_px(tolerance_px)
    for block in blocks(shape_yx, block_px):
        around = block.expand(halo).clip(shape_yx)
        inner = block.relative_to(around)
        true = truth(around)
        there = counted[true]
        compared = np.where(there, true, np.uint8(NOTHING))
        for branch, read in labels.items():
            predicted = read(around)
            pairs[branch].add(true[inner.slices], predicted[inner.slices])
            guess = np.where(there, predicted, np.uint8(NOTHING))
            edges[branch] += boundary_counts(compared, guess, inner, tolerance_px)
    return {b: BranchCounts(pairs[b].among(classes), edges[b][:, classes.ids]) for b in labels}


def _counts(c: LabelClass, unknown: Unknown) -> bool:
    return unknown == "count" or not c.ignore
