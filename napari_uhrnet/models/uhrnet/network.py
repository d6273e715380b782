"""UHRNet: two branches, local feature fusion, one global-local fusion.

"A Semantic Segmentation Network Specifically for Ultra-High-Resolution Images", ICPR 2020. The
published text leaves the details open; docs/method.md lists what is known and what is chosen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_uhrnet.geometry.sampling import averaging_matrix, context_matrix, sampling_matrix
from napari_uhrnet.models.base.protocol import FrameFeatures, PatchFeatures, Surroundings, View
from napari_uhrnet.models.uhrnet.branch import STRIDE_PX, Branch
from napari_uhrnet.models.uhrnet.global_local_fusion import GlobalLocalFusion
from napari_uhrnet.models.uhrnet.local_fusion import Descriptor, new_local_fusion
from napari_uhrnet.models.uhrnet.statistics import averaged, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_uhrnet.geometry.blend import Blend, Upsample
    from napari_uhrnet.geometry.grid import Cell, PatchGrid
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.base.config import UHRNetConfig


class UHRNet(nn.Module):
    """The network; its steps are those of `models.base.protocol.SegmentationModel`.

    The five rows of the paper's ablation are configs: ``use_local``, ``use_global`` and
    ``local_fusion`` leave parts out; a network with one branch has its prediction as the fused one.
    """

    upsample: Upsample = "bilinear"
    blend: Blend = "feather"
    encodes_with_frame = False

    def __init__(self, config: UHRNetConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_px = config.patch_px
        self.frame_px = config.frame_px
        self.min_overlap_px = config.min_overlap_px
        self.needs_frame = config.use_global
        self.needs_patches = config.use_local
        self.needs_neighbours = config.use_local and config.local_fusion
        self.needs_whole_frame = config.readout == "into_frame"
        self.branches: tuple[str, ...] = ("fused",)
        channels, inner = config.feature_channels, config.fusion_channels
        if config.use_global:
            self.branches += ("global",)
            self.global_branch = Branch(config)
            self.global_head = nn.Conv2d(channels, config.classes, 3, padding=1)
        if config.use_local:
            self.branches += ("local",)
            self.local_branch = Branch(config)
            self.local_head = nn.Conv2d(channels, config.classes, 3, padding=1)
        if self.needs_neighbours:
            self.descriptor = Descriptor(config, self.local_branch.backbone_channels)
            self.local_fusion = new_local_fusion(config)
        if config.use_global and config.use_local:
            self.fused_head = nn.Conv2d(inner, config.classes, 3, padding=1)
            if config.fusion_corrects != "nothing":
                nn.init.zeros_(self.fused_head.weight)
                nn.init.zeros_(self.fused_head.bias)  # type: ignore[arg-type]
            seen = inner if self.needs_whole_frame else channels
            self.global_local_fusion = GlobalLocalFusion(channels, seen, inner)
        if self.needs_whole_frame:
            self.frame_fusion = GlobalLocalFusion(channels, channels, inner)

    def encode_frame(self, frame: Tensor) -> FrameFeatures:
        """G of frames (B, 3, H, W) of one size, shrunk by the config's fixed factor."""
        height, width = frame.shape[-2:]
        shrink, multiple = self.config.frame_shrink, self.config.size_multiple
        h, w = max(1, round(height / shrink)), max(1, round(width / shrink))
        small = F.interpolate(
            frame, size=(h, w), mode="bilinear", align_corners=False, antialias=True
        )
        small = F.pad(small, (0, -w % multiple, 0, -h % multiple), mode="replicate")
        features, _ = self.global_branch(small)
        cell_yx_px = (STRIDE_PX * height / h, STRIDE_PX * width / w)
        frame_features = FrameFeatures(features, self.global_head(features), cell_yx_px)
        asked = self.needs_patches and not self.needs_whole_frame
        return self._with_share(frame_features) if asked else frame_features

    def _with_share(self, frame: FrameFeatures) -> FrameFeatures:
        """G with the frame's share of the fusion, computed once for all patches."""
        share = self.global_local_fusion.of_frame(frame.features)
        return replace(frame, extra=share, extra_bytes=share.nbytes)

    def encode_patches(self, patches: Tensor, views: Sequence[View] | None = None) -> PatchFeatures:
        """F (B, C, p / 4, p / 4) and D of patches (B, 3, p, p); the views are not used.

        Where patches share statistics F is not normed yet: it is (B, C, L), see `_with_statistics`.
        """
        if not self.needs_neighbours:
            return PatchFeatures(self.local_branch(patches)[0])
        if self.config.local_fusion_statistics:
            return self._with_statistics(patches)
        features, c5 = self.local_branch(patches)
        return PatchFeatures(features, self._described(features, c5))

    def _described(self, features: Tensor, c5: Tensor) -> Tensor:
        described: Tensor = self.descriptor(
            c5 if self.config.local_fusion_from == "c5" else features
        )
        return described

    def _with_statistics(self, patches: Tensor) -> PatchFeatures:
        """F before its norms; their statistics are further channels of D, the same in all cells."""
        pyramid = self.local_branch.pyramid
        levels = self.local_branch.levels(patches)
        maps = pyramid.maps(levels)
        own = pyramid.statistics(maps)
        described = self._described(pyramid.joined(maps, own), levels[-1])
        cells = own[..., None, None].expand(-1, -1, *described.shape[-2:])
        return PatchFeatures(packed(maps), torch.cat([described.to(cells), cells], dim=1))

    def fuse_neighbours(self, features: Tensor, surroundings: Surroundings) -> Tensor:
        """F' (B, C, h, w): local feature fusion."""
        s = surroundings
        if self.config.local_fusion_hears == "itself":
            s = _without_neighbours(s, self.config)
        own = self.config.descriptor_channels
        if self.config.local_fusion_statistics:
            features = self._normed(features, s.mosaic[:, own:], s)
        fused: Tensor = self.local_fusion(features, s.mosaic[:, :own], s.rows, s.columns, s.present)
        return fused

    def _normed(self, maps: Tensor, statistics: Tensor, s: Surroundings) -> Tensor:
        """F (B, C, h, w) of packed maps, normed by the mean statistics of the patches present.

        In training by a patch's own, as batch norms do: networks that shared them while they were
        trained predicted worse (docs/experiments.md).
        """
        n = self.config.descriptor_cells
        present = _middle(s.present) if self.training else s.present
        shared = averaged(statistics[..., ::n, ::n], present)
        features: Tensor = self.local_branch.pyramid.joined(unpacked(maps, self.patch_px), shared)
        return features

    def merge_patches(
        self, parts: Iterable[tuple[PatchFeatures, Sequence[Window]]], frame: FrameFeatures
    ) -> FrameFeatures:
        """The read-out into the frame: F' averaged onto G's cells, then fused with G."""
        merged = torch.zeros_like(frame.features)
        weight = merged.new_zeros(merged.shape[-2:])
        for part, boxes in parts:
            for features, box in zip(torch.split(part.features, 1), boxes, strict=False):
                rows, columns = onto_frame(frame, box, features)
                merged += rows @ features @ columns.T
                weight += rows.sum(1)[:, None] * columns.sum(1)
        merged /= weight.clamp(min=1e-6)
        seen = self.frame_fusion(merged, self.frame_fusion.of_frame(frame.features))
        return self._with_share(FrameFeatures(seen, frame.logits, frame.cell_yx_px))

    def decode_patches(
        self, features: Tensor | None, views: Sequence[View] | None
    ) -> dict[str, Tensor]:
        """Logits (B, N, p / 4, p / 4) of the branches."""
        out: dict[str, Tensor] = {}
        side = self.patch_px // STRIDE_PX
        size_yx = (side, side) if features is None else (features.shape[-2], features.shape[-1])
        if views:
            out["global"] = torch.cat([look(v, v.frame.logits, size_yx) for v in views])
        if features is not None:
            out["local"] = self.local_head(features)
        if views and features is not None:
            seen = torch.cat([look(v, v.frame.extra, size_yx) for v in views])
            fused = self.fused_head(self.global_local_fusion(features, seen))
            return {"fused": self._corrected(fused, out), **out}
        return {"fused": next(iter(out.values())), **out}

    def _corrected(self, fused: Tensor, branches: dict[str, Tensor]) -> Tensor:
        """The fusion's logits, added to those that its config names in ``fusion_corrects``."""
        if self.config.fusion_corrects == "mean":
            return fused + (branches["global"] + branches["local"]) / 2
        if self.config.fusion_corrects == "local":
            return fused + branches["local"]
        return fused


def onto_frame(frame: FrameFeatures, box: Window, features: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (gh, h) and columns (gw, w) that average a patch's cells into a frame's cells."""
    rows, columns = (
        torch.from_numpy(averaging_matrix(start, length / cells, cells, 0, cell, target)).to(
            features
        )
        for start, length, cells, cell, target in (
            (box.y, box.height, features.shape[-2], frame.cell_yx_px[0], frame.features.shape[-2]),
            (box.x, box.width, features.shape[-1], frame.cell_yx_px[1], frame.features.shape[-1]),
        )
    )
    return rows, columns


def look(view: View, cells: Tensor, size_yx: tuple[int, int]) -> Tensor:
    """A frame's cells (features or logits) at a patch's place: RoI-align, exact below a cell.

    From (1, C, H, W) of the frame to (1, C, h, w) for ``size_yx`` = (h, w).
    """
    box, cell_yx_px = view.box, view.frame.cell_yx_px
    rows, columns = (
        torch.from_numpy(
            sampling_matrix(0, cell, source, start, length / size, size, beyond=True)
        ).to(cells)
        for cell, source, start, length, size in (
            (cell_yx_px[0], cells.shape[-2], box.y, box.height, size_yx[0]),
            (cell_yx_px[1], cells.shape[-1], box.x, box.width, size_yx[1]),
        )
    )
    return rows @ cells @ columns.T


def surround(
    cell: Cell, grid: PatchGrid, descriptors: dict[Cell, Tensor]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Mosaic (D, 3n, 3n), rows and columns (3n, 3n), present (3, 3): an item of `Surroundings`.

    ``descriptors`` holds (D, n, n) of the patch and of those of its neighbours in the grid that
    are used.
    """
    own = descriptors[cell]
    width, n = own.shape[0], own.shape[-1]
    mosaic, present = own.new_zeros(width, 3 * n, 3 * n), own.new_zeros(3, 3)
    for other, descriptor in descriptors.items():
        i, j = other[0] - cell[0] + 1, other[1] - cell[1] + 1
        mosaic[:, i * n : (i + 1) * n, j * n : (j + 1) * n] = descriptor
        present[i, j] = 1
    rows, columns = (
        torch.from_numpy(context_matrix(_offsets(starts, k), grid.size_yx[axis], n)).to(own)
        for axis, (starts, k) in enumerate(zip(grid.starts_yx, cell, strict=True))
    )
    return mosaic, rows, columns, present


def _without_neighbours(s: Surroundings, config: UHRNetConfig) -> Surroundings:
    """The surroundings of patches without neighbours: all eight are marked as absent."""
    n = config.descriptor_cells
    own = s.mosaic[..., n : 2 * n, n : 2 * n]
    place = torch.from_numpy(context_matrix((None, 0, None), config.patch_px, n)).to(own)
    alone = place.expand_as(s.rows)
    return Surroundings(F.pad(own, (n, n, n, n)), alone, alone, _middle(s.present))


def _middle(present: Tensor) -> Tensor:
    """(B, 3, 3): of the nine patches only the one in the middle."""
    return F.pad(present.new_ones(len(present), 1, 1), (1, 1, 1, 1))


def _offsets(starts: tuple[int, ...], k: int) -> tuple[int | None, int | None, int | None]:
    before = starts[k - 1] - starts[k] if k > 0 else None
    after = starts[k + 1] - starts[k] if k + 1 < len(starts) else None
    return before, 0, after
