"""Confusion matrix, IoU and accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable

Unknown = Literal["count", "ignore"]
"""What becomes of pixels whose true class is marked ``ignore``, such as DeepGlobe's "unknown".

"count" is GLNet's rule: they are pixels like any others, so a known class predicted there is a
false positive; the mean goes over the known classes. "ignore" leaves them out. Pixels without any
true class (255) are left out by both.
"""


class Confusion:
    """Counts of (ground truth, prediction) pairs of ids, added up over any number of blocks.

    ``counts`` is (256, 256) float64: rows ground truth, columns prediction, both ids 0..255 (255 =
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

    def among(self, classes: ClassTable) -> NDArray[np.float64]:
        """(K, K + 1): rows the true, columns the predicted of K classes, last any other id."""
        rows = self.counts[classes.ids]
        inside = rows[:, classes.ids]
        other = rows.sum(axis=1, keepdims=True) - inside.sum(axis=1, keepdims=True)
        return np.hstack([inside, other])

    def scores(self, classes: ClassTable, unknown: Unknown = "ignore") -> Scores:
        """Scores over the classes that are not marked ``ignore``: see `scores_of`."""
        return scores_of(self.among(classes), classes, unknown)


@dataclass(frozen=True)
class Scores:
    """Shares in 0..1; ``majority`` is the accuracy of always predicting the most frequent class."""

    iou: dict[str, float]
    miou: float
    accuracy: float
    majority: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"miou": self.miou, "accuracy": self.accuracy, "iou": self.iou}


def known_rows(classes: ClassTable) -> list[int]:
    """Which classes of a table, by their order in it, are not marked ``ignore``."""
    return [k for k, c in enumerate(classes.classes) if not c.ignore]


def iou_of(
    counts: NDArray[np.float64], classes: ClassTable, unknown: Unknown
) -> NDArray[np.float64]:
    """(..., N) IoU of the N known classes from (..., K, K + 1) counts as of `Confusion.among`.

    A class in neither ground truth nor prediction counts as 0, as in GLNet's ``metrics.py``.
    """
    known = known_rows(classes)
    true = counts[..., known, :]
    hit = counts[..., known, known]
    counted = counts if unknown == "count" else true
    union = true.sum(axis=-1) + counted[..., known].sum(axis=-2) - hit
    iou: NDArray[np.float64] = np.divide(hit, union, out=np.zeros_like(hit), where=union > 0)
    return iou


def scores_of(counts: NDArray[np.float64], classes: ClassTable, unknown: Unknown) -> Scores:
    """Scores of (K, K + 1) counts.

    Accuracy is the share of hits of all pixels that count, those of "unknown" among them under the
    rule "count".
    """
    known = known_rows(classes)
    counted = np.arange(len(counts)) if unknown == "count" else np.array(known, np.int64)
    iou = iou_of(counts, classes, unknown)
    total = counts[counted].sum()
    hits, commonest = counts[counted, counted].sum(), counts[known].sum(axis=1).max()
    return Scores(
        iou={classes.classes[k].name: float(v) for k, v in zip(known, iou, strict=True)},
        miou=float(iou.mean()),
        accuracy=float(hits / total) if total else 0.0,
        majority=float(commonest / total) if total else 0.0,
    )
