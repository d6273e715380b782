"""What a comparison of two results found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.metrics import Confusion, Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.evaluation.comparison.blocks import Area, Block
    from napari_uhrnet.evaluation.comparison.compared_maps import ComparedMaps
    from napari_uhrnet.evaluation.comparison.results import Result
    from napari_uhrnet.geometry.classes import ClassTable


@dataclass(frozen=True)
class ClassArea:
    """How much of the area each result gives to a class; square metres if a pixel's size is known.

    ``difference`` is B's minus A's.
    """

    a_px: int
    b_px: int
    pixel_size_m: float | None

    def to_dict(self) -> dict[str, float | None]:
        """Pixels and square metres of A, of B and their difference; None: not known."""
        pixels = {"a": self.a_px, "b": self.b_px, "difference": self.b_px - self.a_px}
        pixel_m2 = None if self.pixel_size_m is None else self.pixel_size_m**2
        return {f"{k}_px": n for k, n in pixels.items()} | {
            f"{k}_m2": None if pixel_m2 is None else n * pixel_m2 for k, n in pixels.items()
        }


@dataclass(frozen=True)
class Comparison:
    """What was counted; ids are those of ``classes``, which holds no class marked ``ignore``.

    ``pairs`` counts A's ids (rows) and B's (columns), ``with_truth`` the ground truth's (rows) and
    those of A and of B; 255 included.
    """

    a: Result
    b: Result
    classes: ClassTable
    area: Area
    pixel_size_m: float | None
    maps: ComparedMaps
    truth: Result | None = None
    pairs: Confusion = field(default_factory=Confusion)
    with_truth: tuple[Confusion, Confusion] = field(
        default_factory=lambda: (Confusion(), Confusion())
    )

    def add(self, block: Block) -> None:
        """Count a block."""
        self.pairs.add(block.a, block.b)
        if block.truth is not None:
            for confusion, labels in zip(self.with_truth, (block.a, block.b), strict=True):
                confusion.add(block.truth, labels)
        self.maps.add(block)

    @property
    def names(self) -> list[str]:
        """Names of the classes, in the order of rows and columns."""
        return [c.name for c in self.classes.classes]

    @property
    def confusion(self) -> NDArray[np.int64]:
        """(N, N) pixels to which both give a class: rows A, columns B."""
        return _between_classes(self.pairs, self.classes)

    @property
    def agreement(self) -> float:
        """Share of equal pixels of those to which both give a class; 0 if there are none."""
        counts = self.confusion
        return float(np.trace(counts) / counts.sum()) if counts.any() else 0.0

    @property
    def iou(self) -> dict[str, float]:
        """IoU of A and B per class, over the same pixels; 0 for a class that neither has."""
        both = Confusion()
        ids = self.classes.ids
        both.counts[np.ix_(ids, ids)] = self.confusion
        return both.scores(self.classes).iou

    @property
    def areas(self) -> dict[str, ClassArea]:
        """Area per class: all pixels of A and of B, those without a class in the other one too."""
        rows, columns = self.pairs.counts.sum(axis=1), self.pairs.counts.sum(axis=0)
        return {
            c.name: ClassArea(int(rows[c.id]), int(columns[c.id]), self.pixel_size_m)
            for c in self.classes.classes
        }

    @property
    def scores(self) -> tuple[Scores, Scores] | None:
        """Scores of A and of B against the ground truth, or None without one."""
        if self.truth is None:
            return None
        a, b = self.with_truth
        return a.scores(self.classes), b.scores(self.classes)

    def truth_confusion(self, which: int) -> NDArray[np.int64]:
        """(N, N) pixels: rows ground truth, columns A (which = 0) or B (1)."""
        return _between_classes(self.with_truth[which], self.classes)

    def to_dict(self) -> dict[str, Any]:
        """What ``compare.json`` holds."""
        data: dict[str, Any] = {
            "agreement": self.agreement,
            "confusion": self.confusion.tolist(),
            "classes": self.names,
            "iou": self.iou,
            "area": {name: area.to_dict() for name, area in self.areas.items()},
        }
        if (scores := self.scores) is not None:
            data |= {"a": scores[0].to_dict(), "b": scores[1].to_dict()}
        return data


def _between_classes(confusion: Confusion, classes: ClassTable) -> NDArray[np.int64]:
    ids = classes.ids
    return confusion.counts[np.ix_(ids, ids)].astype(np.int64)
