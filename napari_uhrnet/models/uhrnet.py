"""UHRNet: two branches, local feature fusion, one global-local fusion.

"A Semantic Segmentation Network Specifically for Ultra-High-Resolution Images", ICPR 2020. The
published text leaves the details open; docs/method.md tells what is known and what is chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.geometry.sampling import context_matrix, sampling_matrix
from napari_uhrnet.models.branch import STRIDE_PX, Branch, conv_block
from napari_uhrnet.models.local_fusion import Descriptor, LocalFusion
from napari_uhrnet.models.protocol import FrameFeatures, PatchFeatures, Surroundings, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_uhrnet.geometry.blend import Blend, Upsample
    from napari_uhrnet.geometry.grid import Cell
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.config import UHRNetConfig


class UHRNet(nn.Module):
    """The network; its five steps are those of `models.protocol.SegmentationModel`."""

    needs_neighbours = True
    upsample: Upsample = "bilinear"
    blend: Blend = "feather"
    branches: tuple[str, ...] = ("fused", "global", "local")

    def __init__(self, config: UHRNetConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_px = config.patch_px
        self.frame_px = config.frame_px
        self.min_overlap_px = config.min_overlap_px
        channels, inner = config.feature_channels, config.fusion_channels
        self.global_branch = Branch(config)
        self.local_branch = Branch(config)
        self.descriptor = Descriptor(config)
        self.local_fusion = LocalFusion(config)
        self.global_local_fusion = nn.Sequential(
            conv_block(2 * channels, inner, 1), conv_block(inner, inner, 3)
        )
        self.global_head = nn.Conv2d(channels, config.classes, 3, padding=1)
        self.local_head = nn.Conv2d(channels, config.classes, 3, padding=1)
        self.fused_head = nn.Conv2d(inner, config.classes, 3, padding=1)

    def encode_frame(self, frame: Tensor) -> FrameFeatures:
        """G of frames (B, 3, H, W) of one size, shrunk by the config's fixed factor."""
        height, width = frame.shape[-2:]
        shrink, multiple = self.config.frame_shrink, self.config.size_multiple
        h, w = max(1, round(height / shrink)), max(1, round(width / shrink))
        small = F.interpolate(
            frame, size=(h, w), mode="bilinear", align_corners=False, antialias=True
        )
        small = F.pad(small, (0, -w % multiple, 0, -h % multiple), mode="replicate")
        features = self.global_branch(small)
        cell_yx_px = (STRIDE_PX * height / h, STRIDE_PX * width / w)
        return FrameFeatures(features, self.global_head(features), cell_yx_px)

    def encode_patches(self, patches: Tensor) -> PatchFeatures:
        """F (B, C, p / 4, p / 4) and D of patches (B, 3, p, p)."""
        features = self.local_branch(patches)
        return PatchFeatures(features, self.descriptor(features))

    def decode_patches(
        self, features: Tensor, surroundings: Surroundings | None, views: Sequence[View]
    ) -> dict[str, Tensor]:
        """Logits (B, N, p / 4, p / 4) of the branches; without surroundings, no local fusion."""
        local = features
        if surroundings is not None:
            s = surroundings
            local = self.local_fusion(features, s.mosaic, s.rows, s.columns)
        size_yx = (int(features.shape[-2]), int(features.shape[-1]))
        seen = [look(view, size_yx) for view in views]
        around = torch.cat([s[0] for s in seen])
        return {
            "fused": self.fused_head(self.global_local_fusion(torch.cat([local, around], dim=1))),
            "global": torch.cat([s[1] for s in seen]),
            "local": self.local_head(local),
        }


def look(view: View, size_yx: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Global features and logits at a patch's place: RoI-align that is exact below a cell.

    Returns (1, C, h, w) and (1, N, h, w) for ``size_yx`` = (h, w).
    """
    frame, box = view.frame, view.box
    rows, columns = (
        torch.from_numpy(
            sampling_matrix(0, cell, source, start, length / size, size, beyond=True)
        ).to(frame.features)
        for cell, source, start, length, size in (
            (frame.cell_yx_px[0], frame.features.shape[-2], box.y, box.height, size_yx[0]),
            (frame.cell_yx_px[1], frame.features.shape[-1], box.x, box.width, size_yx[1]),
        )
    )
    return rows @ frame.features @ columns.T, rows @ frame.logits @ columns.T


def surround(
    cell: Cell, grid: PatchGrid, descriptors: dict[Cell, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Mosaic (D, 3n, 3n), rows and columns (3n, 3n) of one patch: an item of `Surroundings`.

    ``descriptors`` holds (D, n, n) of the patch and of its neighbours in the grid.
    """
    own = descriptors[cell]
    width, n = own.shape[0], own.shape[-1]
    mosaic = own.new_zeros(width, 3 * n, 3 * n)
    for other in (cell, *grid.neighbours(cell)):
        i, j = other[0] - cell[0] + 1, other[1] - cell[1] + 1
        mosaic[:, i * n : (i + 1) * n, j * n : (j + 1) * n] = descriptors[other]
    rows, columns = (
        torch.from_numpy(context_matrix(_offsets(starts, k), grid.size_yx[axis], n)).to(own)
        for axis, (starts, k) in enumerate(zip(grid.starts_yx, cell, strict=True))
    )
    return mosaic, rows, columns


def _offsets(starts: tuple[int, ...], k: int) -> tuple[int | None, int | None, int | None]:
    before = starts[k - 1] - starts[k] if k > 0 else None
    after = starts[k + 1] - starts[k] if k + 1 < len(starts) else None
    return before, 0, after


def segment_frames(model: UHRNet, frames: Tensor) -> dict[str, dict[Cell, Tensor]]:
    """All patches of frames (B, 3, H, W) of one size, each frame a scene of its own.

    What training and tests run: the same steps as the engine, with gradients and all at once.
    Returns for every branch the logits (B, N, h, w) of each patch.
    """
    height, width = frames.shape[-2:]
    grid = PatchGrid((height, width), model.patch_px, model.min_overlap_px)
    cells = grid.cells()
    g = model.encode_frame(frames)
    f = model.encode_patches(torch.cat([_cut(frames, grid.window(c)) for c in cells]))
    count = frames.shape[0]
    views, around = [], []
    for k, cell in enumerate(cells):
        for b in range(count):
            frame = FrameFeatures(g.features[b : b + 1], g.logits[b : b + 1], g.cell_yx_px)
            views.append(View(frame, grid.window(cell)))
            d = f.descriptors
            own = {c: d[i * count + b] for i, c in enumerate(cells)} if d is not None else {}
            around.append(surround(cells[k], grid, own))
    surroundings = Surroundings(*(torch.stack(parts) for parts in zip(*around, strict=True)))
    logits = model.decode_patches(f.features, surroundings, views)
    return {
        branch: dict(zip(cells, torch.split(values, count), strict=True))
        for branch, values in logits.items()
    }


def _cut(frames: Tensor, window: Window) -> Tensor:
    inside = window.clip((int(frames.shape[-2]), int(frames.shape[-1])))
    patch = frames[..., inside.y : inside.bottom, inside.x : inside.right]
    return reflect_to(patch, window.shape_yx)


def reflect_to(pixels: Tensor, shape_yx: tuple[int, int]) -> Tensor:
    """Fill (..., h, w) up to a size at the bottom and the right by reflection, however often."""
    for axis, size in ((-2, shape_yx[0]), (-1, shape_yx[1])):
        length = pixels.shape[axis]
        if length < size:
            # 0 1 2 3 2 1 0 1 ...: numpy's "reflect", also where the picture is far too small.
            period = max(2 * length - 2, 1)
            index = torch.arange(size, device=pixels.device) % period
            pixels = pixels.index_select(axis, torch.minimum(index, period - index))
    return pixels
