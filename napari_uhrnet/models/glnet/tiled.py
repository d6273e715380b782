"""GLNet behind `models.base.protocol.SegmentationModel`: the same numbers, a patch at a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from napari_uhrnet.models.base.protocol import FrameFeatures, PatchFeatures, Surroundings, View
from napari_uhrnet.models.glnet.network import GLNet
from napari_uhrnet.models.glnet.places import FrameMerge
from napari_uhrnet.models.glnet.published import MIN_OVERLAP_PX, shrink_frame
from napari_uhrnet.models.uhrnet.branch import MEAN, STD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_uhrnet.geometry.blend import Blend, Upsample
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.base.config import GLNetConfig
    from napari_uhrnet.models.glnet.pyramid import BranchMaps


@dataclass(frozen=True)
class _Frame:
    """What GLNet needs of a frame in later steps."""

    small: Tensor
    maps: BranchMaps
    frame_yx: tuple[int, int]


class TiledGLNet(nn.Module):
    """GLNet in one of its modes; its steps are those of `models.base.protocol.SegmentationModel`.

    A frame is resized to ``size_px`` squared whatever its shape, crops are whole cells, logits are
    upsampled to the nearest cell and summed: on a scene of one frame the prediction is that of
    `published_inference`.
    """

    upsample: Upsample = "nearest"
    blend: Blend = "sum"
    needs_frame = True
    needs_neighbours = False

    def __init__(self, config: GLNetConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_px = config.size_px
        self.frame_px = config.frame_px
        self.min_overlap_px = MIN_OVERLAP_PX
        self.needs_patches = self.encodes_with_frame = config.mode > 1
        self.needs_whole_frame = config.mode == 3
        self.branches: tuple[str, ...] = ("fused", "global")
        if self.needs_patches:
            self.branches += ("local",)
        self.network = GLNet(config.classes, config.backbone, config.width)
        if self.needs_whole_frame:
            self.frozen_global = GLNet(config.classes, config.backbone, config.width)

    def encode_frame(self, frame: Tensor) -> FrameFeatures:
        """The global branch on the frame made small; in mode 3 that of the frozen network."""
        pixels = frame[0].permute(1, 2, 0).round().to("cpu", torch.uint8).numpy()
        small = shrink_frame(np.ascontiguousarray(pixels), self.config.size_px).to(frame.device)
        small = self._as_trained(small)
        network = self.frozen_global if self.needs_whole_frame else self.network
        return _packed(network.encode_frame(small), small, (frame.shape[-2], frame.shape[-1]))

    def _as_trained(self, pixels: Tensor) -> Tensor:
        """Pixels in 0..1 as the weights expect them."""
        if not self.config.normalised:
            return pixels
        mean, std = (torch.tensor(v).view(3, 1, 1).to(pixels) for v in (MEAN, STD))
        return (pixels - mean) / std

    def encode_patches(self, patches: Tensor, views: Sequence[View] | None) -> PatchFeatures:
        """What decoding needs of patches, (B, 2 N, h, w): their share of the fused logits, theirs.

        ``extra`` holds the maps that mode 3 merges into the frame.
        """
        done = 0
        kept, shared, last = [], [], []
        for frame, seen in _by_frame(views or ()):
            part = self._as_trained(patches[done : done + len(seen)] / 255)
            done += len(seen)
            maps = self.network.encode_patches(
                part, frame.maps, [view.box for view in seen], frame.frame_yx
            )
            share = self.network.local_share(maps.features)
            kept.append(torch.cat([share, maps.logits], dim=1))
            shared.append(maps.shared)
            last.append(maps.features)
        extra = shared if self.needs_whole_frame else None
        return PatchFeatures(torch.cat(kept), extra=extra, shown=torch.cat(last))

    def fuse_neighbours(self, features: Tensor, surroundings: Surroundings) -> Tensor:
        """Never called: GLNet has no local feature fusion."""
        raise TypeError("GLNet has no local feature fusion")

    def merge_patches(
        self, parts: Iterable[tuple[PatchFeatures, Sequence[Window]]], frame: FrameFeatures
    ) -> FrameFeatures:
        """Mode 3: the global branch once more, together with the maps of all patches."""
        own: _Frame = frame.extra
        merge = FrameMerge(own.maps.shared, own.frame_yx)
        for part, boxes in parts:
            (shared,) = part.extra  # patches that are merged were all seen from this frame
            merge.add(shared, boxes)
        maps = self.network.refine_frame(own.small, merge.result())
        return _packed(maps, own.small, own.frame_yx)

    def decode_patches(
        self, features: Tensor | None, views: Sequence[View] | None
    ) -> dict[str, Tensor]:
        """Logits (B, N, h, w) of the branches; the global ones pixel by pixel."""
        of_frame = torch.cat([_global_logits(view) for view in views or ()])
        if features is None:
            return {"fused": of_frame, "global": of_frame}
        share, local = features.chunk(2, dim=1)
        fused, done = [], 0
        for frame, seen in _by_frame(views or ()):
            part = share[done : done + len(seen)]
            done += len(seen)
            boxes = [view.box for view in seen]
            fused.append(self.network.fuse(part, frame.maps, boxes, frame.frame_yx))
        return {"fused": torch.cat(fused), "global": of_frame, "local": local}


def _packed(maps: BranchMaps, small: Tensor, frame_yx: tuple[int, int]) -> FrameFeatures:
    shared = maps.shared
    steps = (shared.backbone, shared.top_down, shared.smooth_1, shared.smooth_2)
    size = small.nbytes + sum(x.nbytes for step in steps for x in step)
    h, w = maps.logits.shape[-2:]
    cell_yx_px = (frame_yx[0] / h, frame_yx[1] / w)
    extra = _Frame(small, maps, frame_yx)
    return FrameFeatures(maps.features, maps.logits, cell_yx_px, extra, size)


def _by_frame(views: Sequence[View]) -> list[tuple[_Frame, list[View]]]:
    """Runs of views from the same frame."""
    runs = groupby(views, key=lambda view: id(view.frame))
    groups = [list(run) for _, run in runs]
    return [(group[0].frame.extra, group) for group in groups]


def _global_logits(view: View) -> Tensor:
    """(1, N, h, w) of a patch's pixels: the frame's nearest cells."""
    logits, box = view.frame.logits, view.box
    rows, columns = (
        ((torch.arange(start, stop) * cells) // length).clamp(max=cells - 1).to(logits.device)
        for start, stop, cells, length in (
            (box.y, box.bottom, logits.shape[-2], view.frame_yx[0]),
            (box.x, box.right, logits.shape[-1], view.frame_yx[1]),
        )
    )
    return logits[:, :, rows][..., columns]
