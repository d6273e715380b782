"""Each frame as a scene by itself: the engine's steps in one piece, with gradients.

Used by training and tests, with any network of `models.base.protocol`. Patches can be processed a
few at a time, so that memory does not grow with their number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.models.base.protocol import PatchFeatures, Surroundings, View
from napari_uhrnet.models.baselines.reflect import reflect_to
from napari_uhrnet.models.uhrnet.network import look, surround

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from napari_uhrnet.geometry.grid import Cell
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.base.protocol import FrameFeatures, SegmentationModel

Item = tuple[int, "Cell"]
"""A patch: number of its frame in the batch, and its cell."""


@dataclass(frozen=True)
class PatchPredictions:
    """A network's predictions for K patches.

    ``logits`` (K, N, h, w) by branch; ``distance`` is the mean squared distance of the patches'
    features to the frame's at their place, if asked for.
    """

    logits: dict[str, Tensor]
    distance: Tensor | None = None


class FrameBatch:
    """Frames of one size, their patches, and the features computed so far.

    Neighbours' features are detached (choice, docs/method.md): descriptors are trained through the
    patch that they belong to. So the gradient does not depend on how many patches are processed at
    a time.

    Parameters
    ----------
    model
        Any network.
    frames
        (B, 3, H, W) float RGB in 0..255.
    """

    def __init__(self, model: SegmentationModel, frames: Tensor) -> None:
        self.model = model
        self.pixels = frames
        self.grid = PatchGrid(
            (int(frames.shape[-2]), int(frames.shape[-1])), model.patch_px, model.min_overlap_px
        )
        self.items: list[Item] = [(b, c) for b in range(len(frames)) for c in self.grid.cells()]
        self.frames: list[FrameFeatures] = []
        if model.needs_frame:
            self.frames = [model.encode_frame(frames[b : b + 1]) for b in range(len(frames))]
        self._descriptors: dict[Item, Tensor] = {}
        self._merged: list[FrameFeatures] = []

    def prepare(self, count: int) -> None:
        """Compute what patches need of other patches, without gradient, ``count`` at a time."""
        parts = [self.items[k : k + count] for k in range(0, len(self.items), count)]
        with torch.no_grad():
            for part in parts if self.model.needs_neighbours else ():
                self._remember(part, self._encode(part))
        if self.model.needs_whole_frame:
            self._merge(parts)

    def prediction(self, items: Sequence[Item], *, distance: bool = False) -> PatchPredictions:
        """The network's predictions for patches: all at once, or some after `prepare`."""
        features = None
        if self.model.needs_whole_frame and not self._merged:
            self.prepare(len(items))
        if self.model.needs_patches:
            part = self._encode(items)
            if self.model.needs_neighbours and not self._descriptors:
                self._remember(items, part)
            features = self._fused_features(part, items)
        views = self._views(items, self._merged or self.frames) if self.frames else None
        logits = self.model.decode_patches(features, views)
        far = _distance(features, views) if distance and features is not None and views else None
        return PatchPredictions(logits, far)

    def cut(self, values: Tensor, items: Sequence[Item]) -> list[Tensor]:
        """(..., h, w) of each patch out of (B, ..., H, W); smaller where the frame ends."""
        windows = [self.grid.window(cell).clip(self.grid.shape_yx) for _, cell in items]
        return [
            values[b, ..., w.y : w.bottom, w.x : w.right]
            for (b, _), w in zip(items, windows, strict=True)
        ]

    def _encode(self, items: Sequence[Item]) -> PatchFeatures:
        size_yx = (self.model.patch_px, self.model.patch_px)
        pixels = torch.stack([reflect_to(p, size_yx) for p in self.cut(self.pixels, items)])
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        views = self._views(items, self.frames) if self.model.encodes_with_frame else None
        return self.model.encode_patches(pixels, views)

    def _remember(self, items: Sequence[Item], part: PatchFeatures) -> None:
        if part.descriptors is not None:
            self._descriptors.update(zip(items, part.descriptors.detach(), strict=True))

    def _fused_features(self, part: PatchFeatures, items: Sequence[Item]) -> Tensor:
        if part.descriptors is None:
            return part.features
        around = []
        for (b, cell), own in zip(items, part.descriptors, strict=True):
            known = {c: self._descriptors[b, c] for c in (cell, *self.grid.neighbours(cell))}
            around.append(surround(cell, self.grid, known | {cell: own}))
        joined = Surroundings(*(torch.stack(p) for p in zip(*around, strict=True)))
        return self.model.fuse_neighbours(part.features, joined)

    def _merge(self, parts: Sequence[Sequence[Item]]) -> None:
        """Patches into their frames; only the frames' own part keeps its gradient."""
        self._merged = [
            self.model.merge_patches(self._parts_of(b, parts), frame)
            for b, frame in enumerate(self.frames)
        ]

    def _parts_of(
        self, frame: int, parts: Sequence[Sequence[Item]]
    ) -> Iterator[tuple[PatchFeatures, list[Window]]]:
        for items in parts:
            own = [item for item in items if item[0] == frame]
            if not own:
                continue
            with torch.no_grad():
                part = self._encode(own)
                present = self._fused_features(part, own)
            yield replace(part, features=present), [self.grid.window(cell) for _, cell in own]

    def _views(self, items: Sequence[Item], frames: Sequence[FrameFeatures]) -> list[View]:
        return [View(frames[b], self.grid.window(cell), self.grid.shape_yx) for b, cell in items]


def segment_frames(model: SegmentationModel, frames: Tensor) -> dict[str, dict[Cell, Tensor]]:
    """Logits (B, N, h, w) of every patch of frames (B, 3, H, W), by branch and cell."""
    batch = FrameBatch(model, frames.float())
    cells, out = batch.grid.cells(), batch.prediction(batch.items).logits
    return {
        branch: {cell: values[k :: len(cells)] for k, cell in enumerate(cells)}
        for branch, values in out.items()
    }


def _distance(features: Tensor, views: Sequence[View]) -> Tensor:
    size_yx = (int(features.shape[-2]), int(features.shape[-1]))
    seen = torch.cat([look(view, view.frame.features, size_yx) for view in views])
    return F.mse_loss(features, seen)
