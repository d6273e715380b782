"""Confusion matrix, IoU and accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable


class Confusion:
    """Counts of (truth, prediction) pairs of ids, added up over any number of blocks.

    ``counts`` is (256, 256) float64: rows truth, columns prediction, both ids 0..255 (255 =
    nothing); float, since blocks may be weighted by the ground area of a pixel.
    """

    def __init__(self) -> None:
        self.counts: NDArray[np.float64] = np.zeros((256, 256))

    def add(
        self, truth: NDArray[np.uint8], prediction: NDArray[np.uint8], weight: float = 1.0
    ) -> None:
        """Add two blocks of ids of the same shape."""
        if truth.shape != prediction.shape:
            raise ValueError(f"truth {truth.shape} and prediction {prediction.shape} differ")
        pairs = truth.astype(np.int64).ravel() * 256 + prediction.ravel()
        self.counts += weight * np.bincount(pairs, minlength=65536).reshape(256, 256)

    def scores(self, classes: ClassTable) -> Scores:
        """Scores over the classes that are not marked ``ignore``.

        Pixels whose truth is ignored or 255 do not count (the rule "ignore"). A class that neither
        truth nor prediction holds counts as IoU 0, as in GLNet's ``metrics.py``.
        """
        ids = [c.id for c in classes.classes if not c.ignore]
        counted = self.counts[ids]
        hit = counted[range(len(ids)), ids]
        union = counted.sum(axis=1) + counted[:, ids].sum(axis=0) - hit
        iou = np.divide(hit, union, out=np.zeros_like(hit), where=union > 0)
        total = counted.sum()
        return Scores(
            iou={c.name: float(v) for c, v in zip(_kept(classes), iou, strict=True)},
            miou=float(iou.mean()),
            accuracy=float(hit.sum() / total) if total else 0.0,
            majority=float(counted.sum(axis=1).max() / total) if total else 0.0,
        )


def _kept(classes: ClassTable) -> list[Any]:
    return [c for c in classes.classes if not c.ignore]


@dataclass(frozen=True)
class Scores:
    """Shares in 0..1; ``majority`` is the accuracy of always saying the commonest class."""

    iou: dict[str, float]
    miou: float
    accuracy: float
    majority: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"miou": self.miou, "accuracy": self.accuracy, "iou": self.iou}
