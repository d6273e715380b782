"""What training makes small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from napari_uhrnet.geometry.grid import Cell, PatchGrid

AUXILIARY_WEIGHT = 0.5
"""Weight of the global and of the local branch's own loss beside the fused one's (choice)."""


def patch_losses(
    logits: dict[str, dict[Cell, Tensor]], labels: Tensor, grid: PatchGrid, class_weights: Tensor
) -> dict[str, Tensor]:
    """Weighted cross entropy of each branch over all patches of frames.

    Parameters
    ----------
    logits
        What `models.uhrnet.segment_frames` gives: (B, N, h, w) per patch and branch.
    labels
        (B, H, W) int64 channel numbers of the frames, 255 where nothing is to be learned.
    class_weights
        (N,) float.
    """
    truth = torch.cat([_cut(labels, grid, cell) for cell in grid.cells()])
    return {
        branch: F.cross_entropy(
            F.interpolate(
                torch.cat([patches[cell] for cell in grid.cells()]),
                size=truth.shape[-2:],
                mode="bilinear",
                align_corners=False,
            ),
            truth,
            weight=class_weights,
            ignore_index=NOTHING,
        )
        for branch, patches in logits.items()
    }


def _cut(labels: Tensor, grid: PatchGrid, cell: Cell) -> Tensor:
    window = grid.window(cell)
    inside = window.clip(grid.shape_yx)
    patch = labels[:, inside.y : inside.bottom, inside.x : inside.right]
    missing = (0, window.width - inside.width, 0, window.height - inside.height)
    return F.pad(patch, missing, value=NOTHING)


def total_loss(losses: dict[str, Tensor]) -> Tensor:
    """Fused loss plus the weighted losses of the other branches."""
    others = [value for branch, value in losses.items() if branch != "fused"]
    return losses["fused"] + AUXILIARY_WEIGHT * torch.stack(others).sum()
