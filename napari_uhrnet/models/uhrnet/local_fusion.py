"""Local feature fusion: a patch uses features of its eight neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_uhrnet.models.uhrnet.branch import conv_block

if TYPE_CHECKING:
    from napari_uhrnet.models.base.config import UHRNetConfig


class Descriptor(nn.Module):
    """The descriptor of a patch for its neighbours: few channels at a coarse stride."""

    def __init__(self, config: UHRNetConfig, c5_channels: int) -> None:
        super().__init__()
        self.cells = config.descriptor_cells
        from_c5 = config.local_fusion_from == "c5"
        source = c5_channels if from_c5 else config.feature_channels
        self.block = conv_block(source, config.descriptor_channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, h, w) features or c5 to (B, D, n, n), n = descriptor_cells, by area."""
        described: Tensor = F.adaptive_avg_pool2d(self.block(features), self.cells)
        return described


class LocalFusion(nn.Module):
    """Add features of the neighbouring patches to a patch's own (choice: docs/method.md).

    Starts as the identity: the last convolution is zero, so that a network without training is the
    network without local fusion. The patch's own features are not convolved: all that uses them
    next is linear, so another linear layer would add nothing.

    The attribute ``tell`` is part of the keys of saved weights, so it keeps its name: it projects
    the context (`listen`) to what is added to the features.
    """

    def __init__(self, config: UHRNetConfig) -> None:
        super().__init__()
        self.cells = config.descriptor_cells
        width = config.descriptor_channels
        self.context: nn.Module = nn.Sequential(
            conv_block(width + 1, width, 3, dilation=1),
            conv_block(width, width, 3, dilation=2),
            conv_block(width, width, 3, dilation=4),
        )
        self.tell = nn.Conv2d(width, config.feature_channels, 1)
        nn.init.zeros_(self.tell.weight)
        nn.init.zeros_(self.tell.bias)  # type: ignore[arg-type]

    def forward(
        self,
        features: Tensor,
        mosaic: Tensor,
        rows: Tensor,
        columns: Tensor,
        present: Tensor,
    ) -> Tensor:
        """The patches' features with those of their neighbours added.

        Parameters
        ----------
        features
            (B, C, h, w) of the patches.
        mosaic
            (B, D, 3n, 3n): the 3 x 3 descriptors around each patch side by side, its own in the
            middle, zeros where there is no neighbour.
        rows, columns
            (B, 3n, 3n): `geometry.sampling.context_matrix` along y and x, which pastes them at
            their true offsets.
        present
            (B, 3, 3) of 0 and 1: which of the nine patches exist and are used. Where it is 0 the
            mosaic must be 0 too.

        Returns
        -------
        (B, C, h, w).
        """
        added = self.tell(self.listen(mosaic, rows, columns, present))
        return features + F.interpolate(
            added, size=features.shape[-2:], mode="bilinear", align_corners=False
        )

    def listen(self, mosaic: Tensor, rows: Tensor, columns: Tensor, present: Tensor) -> Tensor:
        """(B, D, n, n): context of the nine descriptors, at the patch's own place."""
        n = self.cells
        pasted = rows.unsqueeze(1) @ mosaic @ columns.unsqueeze(1).transpose(-1, -2)
        # Neighbours beyond the scene's edge are marked as absent, not made up.
        nine = present.to(mosaic).repeat_interleave(n, 1).repeat_interleave(n, 2)
        marks = (rows @ nine @ columns.transpose(-1, -2)).unsqueeze(1)
        context: Tensor = self.context(torch.cat([pasted, marks], dim=1))
        return context[..., n : 2 * n, n : 2 * n]


class GatherEight(LocalFusion):
    """The plainer form: one 1 x 1 weight a direction, whatever the exact offset."""

    def __init__(self, config: UHRNetConfig) -> None:
        super().__init__(config)
        width = config.descriptor_channels
        self.context = conv_block(9 * (width + 1), width, 1)

    def listen(self, mosaic: Tensor, rows: Tensor, columns: Tensor, present: Tensor) -> Tensor:
        """(B, D, n, n): the nine descriptors and which are present, weighted by direction."""
        n, batch = self.cells, mosaic.shape[0]
        nine = mosaic.reshape(batch, -1, 3, n, 3, n).permute(0, 2, 4, 1, 3, 5)
        marks = present.to(mosaic)[..., None, None, None].expand(batch, 3, 3, 1, n, n)
        context: Tensor = self.context(torch.cat([nine, marks], dim=3).flatten(1, 3))
        return context


def new_local_fusion(config: UHRNetConfig) -> LocalFusion:
    """Local feature fusion in the form that a config asks for."""
    return GatherEight(config) if config.local_fusion_form == "gather8" else LocalFusion(config)
