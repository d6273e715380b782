"""What the six baselines share: pixels in, logits of the same size out."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_uhrnet.models.baselines.reflect import reflect_to


def resize(x: Tensor, like: Tensor) -> Tensor:
    """Bilinear, to the height and width of another tensor."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


def initialise(module: nn.Module) -> None:
    """He's initialisation of a convolution; for use with `nn.Module.apply`."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Baseline(nn.Module, ABC):
    """Normalises, pads to the network's multiple (reflection, bottom and right), crops back."""

    mean: Tensor
    std: Tensor
    size_multiple = 32
    """The network sees heights and widths that this divides."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        from timm.data import IMAGENET_DEFAULT_MEAN as MEAN
        from timm.data import IMAGENET_DEFAULT_STD as STD

        self.classes = classes
        self.register_buffer("mean", 255 * torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", 255 * torch.tensor(STD).view(3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """From RGB (B, 3, h, w) in 0..255 to logits (B, classes, h, w)."""
        h, w = pixels.shape[-2:]
        return self.logits(self._network_input(pixels))[..., :h, :w]

    def forward_with_auxiliary(self, pixels: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """As `forward`, and the logits that only training looks at, of the same size."""
        h, w = pixels.shape[-2:]
        logits, auxiliary = self.logits_with_auxiliary(self._network_input(pixels))
        return logits[..., :h, :w], tuple(a[..., :h, :w] for a in auxiliary)

    @abstractmethod
    def logits(self, x: Tensor) -> Tensor:
        """From normalised (B, 3, H, W) to (B, classes, H, W); `size_multiple` divides H and W."""

    def logits_with_auxiliary(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """`logits`, and the auxiliary ones; most networks have none."""
        return self.logits(x), ()

    def _network_input(self, pixels: Tensor) -> Tensor:
        h, w = pixels.shape[-2:]
        padded = reflect_to(pixels, (h + -h % self.size_multiple, w + -w % self.size_multiple))
        return (padded - self.mean) / self.std
