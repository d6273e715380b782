"""Local feature fusion: a patch hears from the eight patches around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_uhrnet.models.branch import conv_block

if TYPE_CHECKING:
    from napari_uhrnet.models.config import UHRNetConfig


class Descriptor(nn.Module):
    """What a patch tells its neighbours: few channels at a coarse stride."""

    def __init__(self, config: UHRNetConfig) -> None:
        super().__init__()
        self.cells = config.descriptor_cells
        self.block = conv_block(config.feature_channels, config.descriptor_channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, h, w) features to (B, D, n, n), n = descriptor_cells, by area."""
        described: Tensor = F.adaptive_avg_pool2d(self.block(features), self.cells)
        return described


class LocalFusion(nn.Module):
    """Mix the surroundings into a patch's features (choice: method.md 1.4 b).

    Starts as the identity: the weights on the context are zero, those on the features are 1, so
    that a network without training is the network without local fusion.
    """

    def __init__(self, config: UHRNetConfig) -> None:
        super().__init__()
        self.cells = config.descriptor_cells
        width = config.descriptor_channels
        self.context = nn.Sequential(
            conv_block(width + 1, width, 3, dilation=1),
            conv_block(width, width, 3, dilation=2),
            conv_block(width, width, 3, dilation=4),
        )
        self.mix = nn.Conv2d(config.feature_channels + width, config.feature_channels, 1)
        with torch.no_grad():
            self.mix.weight.zero_()
            self.mix.weight[:, : config.feature_channels, 0, 0].fill_diagonal_(1.0)
            nn.init.zeros_(self.mix.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor, mosaic: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Features that know their surroundings.

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

        Returns
        -------
        (B, C, h, w).
        """
        n = self.cells
        pasted = rows.unsqueeze(1) @ mosaic @ columns.unsqueeze(1).transpose(-1, -2)
        # Absence beyond the scene's edge is marked, not invented.
        present = (rows.sum(-1).unsqueeze(-1) * columns.sum(-1).unsqueeze(-2)).unsqueeze(1)
        context = self.context(torch.cat([pasted, present], dim=1))
        own = context[..., n : 2 * n, n : 2 * n]
        own = F.interpolate(own, size=features.shape[-2:], mode="bilinear", align_corners=False)
        mixed: Tensor = self.mix(torch.cat([features, own], dim=1))
        return mixed
