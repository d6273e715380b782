"""The interface of networks to the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import torch
    from torch import Tensor

    from napari_uhrnet.geometry.blend import Blend, Upsample
    from napari_uhrnet.geometry.window import Window

FUSED = "fused"
"""The branch that is every network's final prediction and always there."""


@dataclass(frozen=True, slots=True)
class FrameFeatures:
    """G: what the global branch made of one frame.

    ``features`` (1, C, h, w) and ``logits`` (1, N, h, w) on cells of ``cell_yx_px`` inference
    pixels that start at the frame's corner (the last ones may reach past its end). ``extra`` is
    whatever else the network needs of the frame later, of ``extra_bytes``.
    """

    features: Tensor
    logits: Tensor
    cell_yx_px: tuple[float, float]
    extra: Any = None
    extra_bytes: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.features.nbytes + self.logits.nbytes + self.extra_bytes


@dataclass(frozen=True, slots=True)
class PatchFeatures:
    """F and D: features of patches, and the descriptors that their neighbours use.

    ``features`` (B, C, h, w) is what decoding needs; if the network has local fusion, it is what
    `SegmentationModel.fuse_neighbours` needs, in any shape. ``descriptors`` (B, D, n, n),
    None if the network has no local fusion. ``extra`` is used by `merge_patches` alone and
    not kept. ``shown`` (B, C, h, w) are the branch's last features where decoding needs something
    else.
    """

    features: Tensor
    descriptors: Tensor | None = None
    extra: Any = None
    shown: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The neighbours of B patches: see `LocalFusion.forward`."""

    mosaic: Tensor
    rows: Tensor
    columns: Tensor
    present: Tensor


@dataclass(frozen=True, slots=True)
class View:
    """Where a patch lies in its frame of ``frame_yx`` = (H, W): the box counts from its corner."""

    frame: FrameFeatures
    box: Window
    frame_yx: tuple[int, int]


class SegmentationModel(Protocol):
    """A network as the engine drives it; pixels are float in 0..255, (B, 3, h, w), RGB.

    For a patch: `encode_frame` of its frame, `encode_patches`, `fuse_neighbours`, then
    `decode_patches`. The attributes declare which steps a network needs; others are not computed:

    needs_frame
        Looks at frames: views are given to `decode_patches`.
    needs_patches
        Encodes patches; without, `decode_patches` gets no features.
    needs_neighbours
        Uses the descriptors of the eight neighbouring patches.
    needs_whole_frame
        Needs all patches of a frame merged into it before any of them is decoded.
    encodes_with_frame
        Needs the views in `encode_patches` already.
    """

    needs_frame: bool
    needs_patches: bool
    needs_neighbours: bool
    needs_whole_frame: bool
    encodes_with_frame: bool
    upsample: Upsample
    blend: Blend
    branches: tuple[str, ...]
    patch_px: int
    frame_px: int
    min_overlap_px: int

    def encode_frame(self, frame: Tensor) -> FrameFeatures:
        """G of one frame (1, 3, H, W)."""
        ...

    def encode_patches(self, patches: Tensor, views: Sequence[View] | None) -> PatchFeatures:
        """F and D of patches (B, 3, patch_px, patch_px)."""
        ...

    def fuse_neighbours(self, features: Tensor, surroundings: Surroundings) -> Tensor:
        """F' (B, C, h, w): features with those of the neighbouring patches fused in."""
        ...

    def merge_patches(
        self, parts: Iterable[tuple[PatchFeatures, Sequence[Window]]], frame: FrameFeatures
    ) -> FrameFeatures:
        """G2: features of a frame with those of its patches merged in.

        ``parts`` are F' and the boxes of the patches of the scene's grid that lie whole in the
        frame, in grid order; they come batch by batch, and a batch may hold more than its boxes.
        """
        ...

    def decode_patches(
        self, features: Tensor | None, views: Sequence[View] | None
    ) -> dict[str, Tensor]:
        """Logits (B, N, h, w) of every branch; the cells evenly cover the patch."""
        ...

    def to(self, device: torch.device) -> Self:
        """Move the weights."""
        ...
