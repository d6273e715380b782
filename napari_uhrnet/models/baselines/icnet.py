"""ICNet: three resolutions of one image, the lower the deeper its branch.

Zhao, Qi, Shen, Shi and Jia, "ICNet for Real-Time Semantic Segmentation on High-Resolution Images",
ECCV 2018.

As in the network that the authors released (``icnet_cityscapes.prototxt``): the 1/2 image runs
through the first 17 convolutions of PSPNet-50; their features, halved, are the 1/4 branch and run
through the rest, so that both share weights and work; the whole image runs through three
convolutions. Pyramid pooling sums what it pools. Two cascade feature fusions join the branches.
Widths are those after the compression by half; twice the width is the network before it.
Deviations: sizes are multiples of 32 instead of 32 k + 1, hence no ``align_corners``; auxiliary
logits are enlarged to the image, where the paper shrinks the labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn
from torch.nn import functional as F

from napari_uhrnet.models.baselines.baseline import Baseline, initialise, resize

if TYPE_CHECKING:
    from torch import Tensor

AUXILIARY_WEIGHTS = (0.16, 0.4)
"""The paper's loss weights of the auxiliary logits, 1/16 and 1/8; the final ones have 1."""


def _scale(x: Tensor, factor: float) -> Tensor:
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class CascadeFeatureFusion(nn.Module):
    """CFF: enlarge the coarse features, convolve them dilated, add the projected fine ones."""

    def __init__(self, coarse: int, fine: int, channels: int) -> None:
        super().__init__()
        self.dilated = nn.Conv2d(coarse, channels, 3, padding=2, dilation=2, bias=False)
        self.dilated_norm = nn.BatchNorm2d(channels)
        self.project = nn.Conv2d(fine, channels, 1, bias=False)
        self.project_norm = nn.BatchNorm2d(channels)

    def forward(self, coarse: Tensor, fine: Tensor) -> tuple[Tensor, Tensor]:
        """Fused (B, channels, 2h, 2w), and the enlarged coarse features for label guidance.

        ``coarse`` is (B, C, h, w), ``fine`` (B, D, 2h, 2w).
        """
        enlarged = resize(coarse, fine)
        total = self.dilated_norm(self.dilated(enlarged)) + self.project_norm(self.project(fine))
        return F.relu(total), enlarged


class Trunk(nn.Module):
    """PSPNet-50 in two parts: to the first block of its third stage, and from there on."""

    def __init__(self, width: int) -> None:
        super().__init__()
        from timm.models.resnet import Bottleneck, ResNet

        self.resnet: Any = ResNet(
            Bottleneck,
            (3, 4, 6, 3),
            num_classes=0,
            output_stride=8,
            stem_width=width,
            stem_type="deep",
            channels=(width, 2 * width, 4 * width, 8 * width),
            zero_init_last=False,
        )
        self.bottleneck = _convolution(32 * width, 8 * width, 1)

    def shared(self, half: Tensor) -> Tensor:
        """From the 1/2 image (B, 3, H / 2, W / 2) to (B, 8 width, H / 16, W / 16)."""
        r = self.resnet
        x: Tensor = r.layer2[0](r.layer1(r.maxpool(r.act1(r.bn1(r.conv1(half))))))
        return x

    def deep(self, x: Tensor) -> Tensor:
        """From (B, 8 width, H / 32, W / 32) to the same shape, with context of the image."""
        x = self.resnet.layer4(self.resnet.layer3(self.resnet.layer2[1:](x)))
        total = x
        for cells in (1, 2, 3, 6):
            total = total + resize(F.adaptive_avg_pool2d(x, cells), x)
        deep: Tensor = self.bottleneck(total)
        return deep


class ICNet(Baseline):
    """Branches at 1/4, 1/2 and 1, fused from coarse to fine."""

    def __init__(self, classes: int, width: int = 32) -> None:
        super().__init__(classes)
        self.trunk = Trunk(width)
        self.whole = nn.Sequential(
            _convolution(3, width, 3, stride=2),
            _convolution(width, width, 3, stride=2),
            _convolution(width, 2 * width, 3, stride=2),
        )
        self.fuse_half = CascadeFeatureFusion(8 * width, 8 * width, 4 * width)
        self.fuse_whole = CascadeFeatureFusion(4 * width, 2 * width, 4 * width)
        self.classifier = nn.Conv2d(4 * width, classes, 1)
        self.auxiliary_quarter = nn.Conv2d(8 * width, classes, 1)
        self.auxiliary_half = nn.Conv2d(4 * width, classes, 1)
        self.apply(initialise)

    def logits(self, x: Tensor) -> Tensor:
        """See `Baseline.logits`."""
        return self._cascade(x)[0]

    def logits_with_auxiliary(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Auxiliary logits of the 1/4 branch and of its fusion with the 1/2 branch."""
        logits, quarter, half = self._cascade(x)
        guidance = (self.auxiliary_quarter(quarter), self.auxiliary_half(half))
        return logits, tuple(resize(a, x) for a in guidance)

    def _cascade(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Final logits; features of the first and second fusion's coarse side, enlarged."""
        half = self.trunk.shared(_scale(x, 0.5))
        fused, enlarged_quarter = self.fuse_half(self.trunk.deep(_scale(half, 0.5)), half)
        fused, enlarged_half = self.fuse_whole(fused, self.whole(x))
        logits = _scale(self.classifier(_scale(fused, 2)), 4)
        return logits, enlarged_quarter, enlarged_half


def build(classes: int, width: int = 32) -> Baseline:
    """ICNet; ``width`` is 32 as released, 64 before the compression (PSPNet-50's own)."""
    return ICNet(classes, width)
