"""One branch: a backbone and a feature pyramid on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_uhrnet.models.uhrnet.statistics import normed, statistics

if TYPE_CHECKING:
    from napari_uhrnet.models.base.config import UHRNetConfig

STRIDE_PX = 4
"""Input pixels per cell of a branch's features."""

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Of ImageNet, for pixels in 0..1."""


def norm(channels: int) -> nn.GroupNorm:
    """Group norm: the same for one patch as for a batch, in training and after."""
    # At least four channels a group: one value alone has no spread to divide by.
    groups = next(g for g in (8, 4, 2, 1) if channels % g == 0 and (channels // g >= 4 or g == 1))
    return nn.GroupNorm(groups, channels)


def conv_block(inputs: int, outputs: int, kernel: int, dilation: int = 1) -> nn.Sequential:
    """Convolution, norm, ReLU; the size stays."""
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=padding, dilation=dilation, bias=False),
        norm(outputs),
        nn.ReLU(inplace=True),
    )


def _resize(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


class LightPyramid(nn.Module):
    """Top-down pyramid whose four levels are smoothed and summed at stride 4 (choice)."""

    def __init__(self, inputs: list[int], channels: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(c, channels, 1) for c in inputs)
        self.smooth = nn.ModuleList(conv_block(channels, channels, 3) for _ in inputs)

    def forward(self, levels: list[Tensor]) -> Tensor:
        """From features at strides 4, 8, 16, 32 to (B, channels, h / 4, w / 4)."""
        maps = self.maps(levels)
        return self._sum([norm(x) for x, norm in zip(maps, self._norms, strict=True)])

    def maps(self, levels: list[Tensor]) -> list[Tensor]:
        """(B, channels, h, w) of every level, from fine to coarse, as they go into the norms."""
        down = [lateral(x) for lateral, x in zip(self.lateral, levels, strict=True)]
        for k in range(len(down) - 2, -1, -1):
            down[k] = down[k] + _resize(down[k + 1], down[k])
        return [smooth[0](x) for smooth, x in zip(self.smooth, down, strict=True)]  # type: ignore[index]

    def statistics(self, maps: list[Tensor]) -> Tensor:
        """(B, S): the statistics that the norms use, level by level (`statistics.statistics`)."""
        parts = [statistics(x, norm) for x, norm in zip(maps, self._norms, strict=True)]
        return torch.cat(parts, dim=1)

    def joined(self, maps: list[Tensor], shared_statistics: Tensor) -> Tensor:
        """As `forward`, but normed by statistics (B, S) that need not be the maps' own."""
        parts = zip(maps, self._norms, shared_statistics.chunk(len(maps), dim=1), strict=True)
        return self._sum([normed(x, norm, part) for x, norm, part in parts])

    @property
    def _norms(self) -> list[nn.GroupNorm]:
        return [smooth[1] for smooth in self.smooth]  # type: ignore[index]

    def _sum(self, levels: list[Tensor]) -> Tensor:
        total = F.relu(levels[0])
        for x in levels[1:]:
            total = total + _resize(F.relu(x), total)
        return total


class GLNetPyramid(nn.Module):
    """GLNet's plain pyramid: linear, four levels of 128 channels side by side.

    The names of its layers are those of ``fpn_module_global`` in GLNet's ``fpn_global_local_fmreg_
    ensemble.py``, so that published weights fit.
    """

    def __init__(self, inputs: list[int], channels: int = 512) -> None:
        super().__init__()
        c2, c3, c4, c5 = inputs
        self.toplayer = nn.Conv2d(c5, 256, 1)
        self.latlayer1 = nn.Conv2d(c4, 256, 1)
        self.latlayer2 = nn.Conv2d(c3, 256, 1)
        self.latlayer3 = nn.Conv2d(c2, 256, 1)
        for k in range(1, 5):
            self.add_module(f"smooth{k}_1", nn.Conv2d(256, 256, 3, padding=1))
            self.add_module(f"smooth{k}_2", nn.Conv2d(256, channels // 4, 3, padding=1))

    def forward(self, levels: list[Tensor]) -> Tensor:
        """From features at strides 4, 8, 16, 32 to (B, 512, h / 4, w / 4)."""
        c2, c3, c4, c5 = levels
        p5 = self.toplayer(c5)
        p4 = _resize(p5, c4) + self.latlayer1(c4)
        p3 = _resize(p4, c3) + self.latlayer2(c3)
        p2 = _resize(p3, c2) + self.latlayer3(c2)
        smooth = [
            self.get_submodule(f"smooth{k}_2")(self.get_submodule(f"smooth{k}_1")(p))
            for k, p in enumerate((p5, p4, p3, p2), start=1)
        ]
        return torch.cat([_resize(x, p2) for x in smooth], dim=1)


class Branch(nn.Module):
    """(B, 3, h, w) pixels in 0..255 to (B, C, h / 4, w / 4) features, normalisation included."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: UHRNetConfig) -> None:
        super().__init__()
        import timm  # slow to import, and only needed where a network is built

        self.backbone: Any = timm.create_model(
            config.backbone, features_only=True, pretrained=False, out_indices=(-4, -3, -2, -1)
        )
        self.backbone_channels = int(self.backbone.feature_info.channels()[-1])
        pyramid = LightPyramid if config.pyramid == "light" else GLNetPyramid
        self.pyramid: Any = pyramid(self.backbone.feature_info.channels(), config.feature_channels)
        self.register_buffer("mean", 255 * torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", 255 * torch.tensor(STD).view(3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Last features F (local branch) or G (global branch), and the backbone's own last (c5)."""
        levels = self.levels(pixels)
        features: Tensor = self.pyramid(levels)
        return features, levels[-1]

    def levels(self, pixels: Tensor) -> list[Tensor]:
        """The backbone's features at strides 4, 8, 16, 32."""
        found: list[Tensor] = self.backbone((pixels - self.mean) / self.std)
        return found
