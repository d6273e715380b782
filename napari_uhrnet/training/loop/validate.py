"""Scores and pictures while a network is trained: its predictions for a few fixed views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_uhrnet.geometry.blend import upsampling_matrix
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.metrics import Confusion
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.frames import FrameBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.grid import Cell
    from napari_uhrnet.geometry.metrics import Scores
    from napari_uhrnet.models.base.protocol import SegmentationModel
    from napari_uhrnet.training.data.frames import Frame
    from napari_uhrnet.training.data.sampling import Source

PATCHES_AT_ONCE = 4


@dataclass(frozen=True)
class Place:
    """A fixed view of a scene of a source."""

    source: Source
    which: int
    window: Window

    def read(self) -> Frame:
        """Its pixels and labels."""
        return self.source.cut(self.which, self.window)


def spread_places(sources: Sequence[Source], side_px: int, count: int) -> list[Place]:
    """At most ``count`` views of up to ``side_px``: the middles of evenly chosen scenes."""
    scenes = [(s, which) for s in sources for which in range(len(s.shapes_yx))]
    chosen = np.linspace(0, len(scenes) - 1, min(count, len(scenes))).round().astype(int)
    places = []
    for source, which in (scenes[k] for k in dict.fromkeys(chosen.tolist())):
        shape_yx = source.shapes_yx[which]
        height, width = (min(n, side_px) for n in shape_yx)
        top, left = (shape_yx[0] - height) // 2, (shape_yx[1] - width) // 2
        places.append(Place(source, which, Window(top, left, height, width)))
    return places


def score(
    model: SegmentationModel, places: Sequence[Place], classes: ClassTable, device: torch.device
) -> Scores:
    """IoU of the fused prediction over all places, each as one frame."""
    confusion = Confusion()
    for place in places:
        frame = place.read()
        truth = np.where(frame.labels < NOTHING, frame.labels, NOTHING).astype(np.uint8)
        confusion.add(truth, prediction(model, frame.pixels, classes, device))
    return confusion.scores(classes)


@torch.inference_mode()
def prediction(
    model: SegmentationModel,
    pixels: NDArray[np.uint8],
    classes: ClassTable,
    device: torch.device,
) -> NDArray[np.uint8]:
    """(h, w) uint8 ids of the fused prediction to a picture (h, w, 3), which is one frame."""
    frame = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float()
    batch = FrameBatch(model, frame.to(device))
    parts = [
        batch.items[k : k + PATCHES_AT_ONCE] for k in range(0, len(batch.items), PATCHES_AT_ONCE)
    ]
    if len(parts) > 1:
        batch.prepare(PATCHES_AT_ONCE)
    shape_yx = batch.grid.shape_yx
    total = np.zeros((len(classes.classes), *shape_yx), np.float32)
    for part in parts:
        logits = batch.prediction(part).logits["fused"].float().cpu().numpy()
        for (_, cell), own in zip(part, logits, strict=True):
            rows, columns = (
                _onto_pixels(batch, axis, cell, own.shape[1 + axis]) for axis in (0, 1)
            )
            window = batch.grid.window(cell).clip(shape_yx)
            place = (slice(None), *window.slices)
            total[place] += rows @ own @ columns.T
    ids: NDArray[np.uint8] = classes.ids[total.argmax(axis=0)]
    return ids


def _onto_pixels(batch: FrameBatch, axis: int, cell: Cell, cells: int) -> NDArray[np.float32]:
    """(pixels, cells) of a patch along an axis: upsampling, and the patch's share of each pixel."""
    starts, size_px = batch.grid.starts_yx[axis], batch.grid.size_yx[axis]
    first = starts[cell[axis]]
    length = min(size_px, batch.grid.shape_yx[axis] - first)
    matrix = upsampling_matrix(cells, size_px, 0, length, batch.model.upsample)
    if batch.model.blend == "feather":
        inside = np.arange(first, first + length) + 0.5 - np.asarray(starts)[:, None]
        raw = np.minimum(inside, size_px - inside).clip(min=0)
        matrix *= (raw[cell[axis]] / raw.sum(axis=0))[:, None]
    return matrix.astype(np.float32)
