"""Made images with masks of the tiny model's classes and an unknown one."""

import numpy as np
from PIL import Image

from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from tests.engine.scenes import picture
from tests.models.tiny import CLASSES

TRUTH = ClassTable(
    "truth",
    (
        LabelClass(0, "unknown", (0, 0, 0), ignore=True),
        LabelClass(1, "water", (0, 0, 255)),
        LabelClass(2, "wood", (0, 255, 0)),
        LabelClass(3, "field", (255, 255, 0)),
        LabelClass(7, "rock", (255, 255, 255)),
    ),
)
"""The tiny model's three classes under other ids, one that it lacks, and "unknown"."""

TO_TRUTH = np.full(256, 255, np.uint8)
TO_TRUTH[CLASSES.ids] = [3, 2, 1]


def write_pair(folder, name, shape_yx=(180, 220), seed=0, cell_px=20, table=TRUTH):
    """Write NAME_sat.png and NAME_mask.png; gives the (h, w) truth."""
    height, width = shape_yx
    rng = np.random.default_rng(seed)
    size_yx = (height // cell_px + 1, width // cell_px + 1)
    cells = table.ids[rng.integers(0, len(table.ids), size_yx)]
    truth = cells.repeat(cell_px, axis=0).repeat(cell_px, axis=1)[:height, :width]
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(height, width, seed)).save(folder / f"{name}_sat.png")
    Image.fromarray(table.palette[truth]).save(folder / f"{name}_mask.png")
    return truth
