"""The baselines in their two regimes: on patches, or on the downsampled frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_uhrnet.models.base.protocol import FrameFeatures, PatchFeatures, Surroundings, View
from napari_uhrnet.models.baselines import find_baseline
from napari_uhrnet.models.uhrnet.network import look

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_uhrnet.geometry.blend import Blend, Upsample
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.base.config import BaselineConfig

SEEN_STRIDE_PX = 4
"""Patch pixels per cell at which the logits of a downsampled frame are handed out."""


class RegimeBaseline(nn.Module):
    """A baseline as a `models.base.protocol.SegmentationModel`; its one branch is the fused one."""

    upsample: Upsample = "bilinear"
    blend: Blend = "feather"
    branches: tuple[str, ...] = ("fused",)
    needs_neighbours = False
    needs_whole_frame = False
    encodes_with_frame = False

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_px = config.patch_px
        self.frame_px = config.frame_px
        self.min_overlap_px = config.min_overlap_px
        self.needs_frame = config.regime == "downsampled"
        self.needs_patches = config.regime == "patches"
        size: dict[str, Any] = dict(config.size)
        self.network = find_baseline(config.baseline).build(config.classes, **size)

    def encode_frame(self, frame: Tensor) -> FrameFeatures:
        """Logits of the downsampled frame; there are no other features."""
        height, width = frame.shape[-2:]
        shrink = self.config.frame_shrink
        h, w = max(1, round(height / shrink)), max(1, round(width / shrink))
        small = F.interpolate(
            frame, size=(h, w), mode="bilinear", align_corners=False, antialias=True
        )
        logits = self.network(small)
        return FrameFeatures(logits, logits, (height / h, width / w))

    def encode_patches(self, patches: Tensor, views: Sequence[View] | None = None) -> PatchFeatures:
        """Logits (B, N, p, p) of patches: these networks end in full resolution."""
        return PatchFeatures(self.network(patches))

    def fuse_neighbours(self, features: Tensor, surroundings: Surroundings) -> Tensor:
        """Never called: there is no local feature fusion."""
        raise TypeError(f"{self.config.baseline} has no local feature fusion")

    def merge_patches(
        self, parts: Iterable[tuple[PatchFeatures, Sequence[Window]]], frame: FrameFeatures
    ) -> FrameFeatures:
        """Never called: patches are not merged."""
        raise TypeError(f"{self.config.baseline} does not merge patches")

    def decode_patches(
        self, features: Tensor | None, views: Sequence[View] | None
    ) -> dict[str, Tensor]:
        """The logits of patches as they are, or of the frame at the patches' places."""
        if features is not None:
            return {"fused": features}
        side = -(-self.patch_px // SEEN_STRIDE_PX)
        return {
            "fused": torch.cat(
                [look(view, view.frame.logits, (side, side)) for view in views or ()]
            )
        }
