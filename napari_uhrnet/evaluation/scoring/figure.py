"""The paper's figure: an easy, a middling and a hard image, ground truth and predictions beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.engine.segment import segmented
from napari_uhrnet.evaluation.scoring.evaluate import mapping_to
from napari_uhrnet.evaluation.scoring.overviews import small_grid, small_labels
from napari_uhrnet.extras import needs
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.metrics import scores_of
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.store.files.beside import written_beside

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.evaluation.scoring.counts import SceneCounts
    from napari_uhrnet.evaluation.scoring.truth_pairs import TruthPair
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.metrics import Unknown
    from napari_uhrnet.models.registry import LoadedModel

NOTHING_RGB = (128, 128, 128)
"""Colour of pixels without a class."""


@dataclass(frozen=True)
class Row:
    """One image of the figure: ``image`` (h, w, 3) RGB, and (h, w) ids under their titles."""

    title: str
    image: NDArray[np.uint8]
    labels: dict[str, NDArray[np.uint8]]


def easy_middling_hard(
    scenes: Sequence[SceneCounts], classes: ClassTable, unknown: Unknown
) -> dict[str, int]:
    """Which scenes have the highest, the median and the lowest accuracy; fewer if there are."""
    accuracy = [scores_of(s.branches["fused"].pairs, classes, unknown).accuracy for s in scenes]
    order = sorted(range(len(scenes)), key=lambda k: -accuracy[k])
    chosen = {"easy": order[0]}
    if len(order) > 2:
        chosen["middling"] = order[len(order) // 2]
    if len(order) > 1:
        chosen["hard"] = order[-1]
    return chosen


def labels_beside(pair: TruthPair, model: LoadedModel, classes: ClassTable) -> NDArray[np.uint8]:
    """(h, w) ids of ``classes``: what another model predicts for a scene, as an overview."""
    mapping = mapping_to(model, classes)
    with open_scene(pair.image, pair.pixel_size_m) as scene, segmented(scene, model) as done:
        return mapping.apply(small_labels(done.read, small_grid(scene.shape_yx)))


def write_figure(path: Path, rows: Sequence[Row], classes: ClassTable) -> None:
    """A PNG with a row per image and a column per result, and the classes' colours below.

    Raises UserError without matplotlib.
    """
    needs("matplotlib", "report", "drawing the figure")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    titles = ["image", *rows[0].labels]
    figure = Figure(figsize=(3 * len(titles), 3 * len(rows) + 0.5), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(rows), len(titles), squeeze=False)
    palette = classes.palette.copy()
    palette[NOTHING] = NOTHING_RGB
    for line, row in zip(axes, rows, strict=True):
        pictures = [row.image, *(palette[ids] for ids in row.labels.values())]
        for axis, picture in zip(line, pictures, strict=True):
            _show(axis, picture)
        line[0].set_ylabel(row.title)
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title)
    colours = [
        Patch(facecolor=np.array(c.rgb) / 255, ec="grey", label=c.name) for c in classes.classes
    ]
    figure.legend(handles=colours, loc="outside lower center", ncols=min(8, len(colours)))
    with written_beside(path) as part:
        figure.savefig(part, format="png")


def _show(axis: Any, picture: NDArray[np.uint8]) -> None:
    axis.imshow(picture, interpolation="nearest")
    axis.set_xticks([])
    axis.set_yticks([])
