"""What the engine asks of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import Tensor

    from napari_uhrnet.geometry.blend import Blend, Upsample
    from napari_uhrnet.geometry.window import Window

FUSED = "fused"
"""The branch that is every network's final answer and always there."""


@dataclass(frozen=True, slots=True)
class FrameFeatures:
    """G: what the global branch made of one frame.

    ``features`` (1, C, h, w) and ``logits`` (1, N, h, w) on cells of ``cell_yx_px`` inference
    pixels that start at the frame's corner (the last ones may reach past its end).
    """

    features: Tensor
    logits: Tensor
    cell_yx_px: tuple[float, float]


@dataclass(frozen=True, slots=True)
class PatchFeatures:
    """F and D: what the local branch made of patches, and what they tell their neighbours.

    ``features`` (B, C, h, w); ``descriptors`` (B, D, n, n), None if the network has no local
    fusion.
    """

    features: Tensor
    descriptors: Tensor | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The neighbours of B patches: see `LocalFusion.forward`."""

    mosaic: Tensor
    rows: Tensor
    columns: Tensor


@dataclass(frozen=True, slots=True)
class View:
    """Where a patch lies in its frame: the window is counted from the frame's corner."""

    frame: FrameFeatures
    box: Window


class SegmentationModel(Protocol):
    """A network as the engine drives it; pixels are float in 0..255, (B, 3, h, w), RGB."""

    needs_neighbours: bool
    upsample: Upsample
    blend: Blend
    branches: tuple[str, ...]
    patch_px: int
    frame_px: int
    min_overlap_px: int

    def encode_frame(self, frame: Tensor) -> FrameFeatures:
        """G of one frame (1, 3, H, W)."""
        ...

    def encode_patches(self, patches: Tensor) -> PatchFeatures:
        """F and D of patches (B, 3, patch_px, patch_px)."""
        ...

    def decode_patches(
        self, features: Tensor, surroundings: Surroundings | None, views: Sequence[View]
    ) -> dict[str, Tensor]:
        """Logits (B, N, h, w) of every branch; the cells evenly cover the patch."""
        ...

    def to(self, device: torch.device) -> Self:
        """Move the weights."""
        ...
