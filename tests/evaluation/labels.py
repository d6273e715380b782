"""Made labels: blobs of a few classes, and results of them."""

import numpy as np
from scipy.ndimage import uniform_filter

from napari_uhrnet.evaluation.comparison.results import array_result
from napari_uhrnet.geometry.classes import NOTHING, ClassTable, LabelClass

TABLE = ClassTable(
    "made",
    (
        LabelClass(0, "unknown", (0, 0, 0), ignore=True),
        LabelClass(2, "field", (255, 255, 0)),
        LabelClass(3, "wood", (0, 160, 0)),
        LabelClass(7, "water & <ice>", (0, 0, 255)),
    ),
)
KEPT = TABLE.without_ignored()


def blobs(height: int, width: int, seed: int, smooth_px: int = 5, classes=(2, 3, 7)) -> np.ndarray:
    """(height, width) uint8 ids in blobs; some pixels are nothing and some unknown."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(len(classes), height, width))
    labels = np.array(classes, np.uint8)[uniform_filter(noise, (0, smooth_px, smooth_px)).argmax(0)]
    labels[rng.random((height, width)) < 0.03] = NOTHING
    labels[rng.random((height, width)) < 0.03] = 0
    return labels


def results(*labels: np.ndarray, table: ClassTable = TABLE):
    return [array_result(v, table, "ABT"[k]) for k, v in enumerate(labels)]
