"""U-Net: an encoder-decoder that joins features of equal resolution.

Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation",
MICCAI 2015.

The original with its 23 convolutions and 64 to 1024 channels, not a U-shaped decoder on a
pretrained network (choice): the UHRNet paper names no backbone for it, and its score, 38.4 where
networks on pretrained encoders reach 56 to 68, suggests one trained from nothing.
Deviation: convolutions are padded, so that the logits cover the whole image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from napari_uhrnet.models.baselines.baseline import Baseline, initialise

if TYPE_CHECKING:
    from torch import Tensor

_LEVELS = 5


def _two_convolutions(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.ReLU(inplace=True),
    )


class UNet(Baseline):
    """Four levels down, four levels up."""

    size_multiple = 2 ** (_LEVELS - 1)

    def __init__(self, classes: int, width: int = 64) -> None:
        super().__init__(classes)
        channels = [width * 2**k for k in range(_LEVELS)]
        self.down = nn.ModuleList(
            _two_convolutions(a, b) for a, b in zip([3, *channels], channels, strict=False)
        )
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(0.5)
        self.enlarge = nn.ModuleList(
            nn.ConvTranspose2d(2 * c, c, 2, stride=2) for c in reversed(channels[:-1])
        )
        self.up = nn.ModuleList(_two_convolutions(2 * c, c) for c in reversed(channels[:-1]))
        self.classifier = nn.Conv2d(width, classes, 1)
        self.apply(initialise)

    def logits(self, x: Tensor) -> Tensor:
        """See `Baseline.logits`."""
        skips: list[Tensor] = []
        for level, convolutions in enumerate(self.down):
            x = convolutions(self.pool(x) if level else x)
            if level >= _LEVELS - 2:  # the end of the contracting path
                x = self.dropout(x)
            skips.append(x)
        for enlarge, convolutions, skip in zip(self.enlarge, self.up, skips[-2::-1], strict=True):
            x = convolutions(torch.cat([skip, enlarge(x)], dim=1))
        logits: Tensor = self.classifier(x)
        return logits


def build(classes: int, width: int = 64) -> Baseline:
    """U-Net; ``width`` is the channels of the first level, 64 in the paper."""
    return UNet(classes, width)
