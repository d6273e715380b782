"""Made sources of one scene, to be compared, and what a comparison must find."""

import numpy as np
import torch
from torchmetrics.classification import MulticlassConfusionMatrix, MulticlassJaccardIndex

from napari_uhrnet.geometry.classes import NOTHING, ClassTable, LabelClass
from napari_uhrnet.session.compare.sources import Source, Wanted, labels_source

TABLE = ClassTable(
    "made",
    (
        LabelClass(1, "field", (255, 255, 0)),
        LabelClass(4, "wood", (0, 160, 0)),
        LabelClass(6, "water", (0, 0, 255)),
    ),
)
SHAPE = (1100, 1300)
"""More than one block in each direction."""


def labels(seed, shape=SHAPE):
    """(height, width) uint8 ids in cells of 7 px; some of them are nothing."""
    rng = np.random.default_rng(seed)
    cells = rng.choice([1, 4, 6, NOTHING], [-(-n // 7) for n in shape], p=[0.4, 0.3, 0.2, 0.1])
    return cells.repeat(7, 0).repeat(7, 1)[: shape[0], : shape[1]].astype(np.uint8)


A, B = labels(0), labels(1)


def wanted(a=A, b=B, **options):
    sources = (labels_source(v, TABLE, title) for v, title in ((a, "A"), (b, "B")))
    return Wanted(*sources, TABLE, **options)


def failing(error):
    """A source that cannot be opened."""

    def open_():
        raise error

    return Source("broken", open_)


def expected(a, b, inside):
    """Confusion (rows A), IoU and agreement of the pixels inside, by torchmetrics."""
    to = np.full(256, -1)
    to[[1, 4, 6]] = range(3)
    both = inside & (a != NOTHING) & (b != NOTHING)
    x, y = (torch.from_numpy(to[v[both]]) for v in (a, b))
    iou = MulticlassJaccardIndex(3, average=None)(y, x).numpy()
    confusion = MulticlassConfusionMatrix(3)(y, x).numpy()
    return confusion, iou, float((x == y).float().mean())


def assert_found(comparison, a, b, inside):
    """Exactly the counts of the masked whole arrays."""
    confusion, iou, agreement = expected(a, b, inside)
    np.testing.assert_array_equal(comparison.confusion, confusion)
    np.testing.assert_allclose(list(comparison.iou.values()), iou, atol=1e-6)
    assert abs(comparison.agreement - agreement) < 1e-6
    for entry in TABLE.classes:
        area = comparison.areas[entry.name]
        assert area.a_px == int(((a == entry.id) & inside).sum())
        assert area.b_px == int(((b == entry.id) & inside).sum())
