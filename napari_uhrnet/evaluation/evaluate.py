"""Score a model on scenes with a truth, at the scenes' own size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_uhrnet.engine.segment import segmented
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import labels_to_level0
from napari_uhrnet.geometry.metrics import Confusion
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.training.frames import read_mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.models.registry import LoadedModel

BLOCK_ROWS_PX = 1024
"""Rows that are compared at once."""


@dataclass(frozen=True)
class Pair:
    """A picture, its mask in the colours of the class table, and its pixel size."""

    image: Path
    mask: Path
    pixel_size_m: float


def evaluate(
    pairs: Iterable[Pair], model: LoadedModel, truth_classes: ClassTable
) -> Iterator[tuple[Pair, dict[str, Confusion]]]:
    """Segment each scene through the engine and count, for every branch, what it says of the truth.

    Yields a confusion matrix per branch and pair; pixels are weighted by their ground area in
    square metres, so that scenes at different scales add up.
    """
    for pair in pairs:
        yield pair, _confusions(pair, model, truth_classes)


def _confusions(pair: Pair, model: LoadedModel, classes: ClassTable) -> dict[str, Confusion]:
    truth = read_mask(pair.mask, classes)
    counted = {branch: Confusion() for branch in model.branches}
    with (
        open_scene(pair.image, pixel_size_m=pair.pixel_size_m) as scene,
        segmented(scene, model) as done,
    ):
        if truth.shape != scene.shape_yx:
            raise UserError(f"{pair.mask}: is not of the size of its image {pair.image.name}")
        height, width = scene.shape_yx
        for top in range(0, height, BLOCK_ROWS_PX):
            window = Window(top, 0, min(BLOCK_ROWS_PX, height - top), width)
            for branch, confusion in counted.items():
                labels = labels_to_level0(
                    lambda w, branch=branch: done.store.read(f"{branch}/labels", w),  # type: ignore[misc]
                    done.state.layout.inference,
                    window,
                )
                confusion.add(truth[window.slices], labels, pair.pixel_size_m**2)
    return counted
