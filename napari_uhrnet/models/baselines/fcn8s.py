"""FCN-8s: a classification network made convolutional, with two skips of scores.

Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015.

As published: VGG-16 with fc6 and fc7 as convolutions; 1 x 1 score layers on fc7, pool4 and pool3,
those of the skips starting at zero; scores are summed; the two upsamplings by 2 are learned from a
bilinear start, the last, by 8, stays bilinear.
Deviations: fc6 pads by 3 instead of 100 px around the image, so that scores need no cropping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from napari_uhrnet.models.baselines.baseline import Baseline, initialise
from napari_uhrnet.models.baselines.vgg import vgg16_features

if TYPE_CHECKING:
    from torch import Tensor

_POOL3, _POOL4 = 17, 24  # layers of VGG-16 up to and with the third and the fourth pooling


def bilinear_upsampling(channels: int) -> nn.ConvTranspose2d:
    """Learnable upsampling by 2 that starts as the bilinear one, each channel for itself."""
    layer = nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1, bias=False)
    tent = torch.tensor([0.25, 0.75, 0.75, 0.25])
    with torch.no_grad():
        layer.weight.zero_()
        for k in range(channels):
            layer.weight[k, k] = torch.outer(tent, tent)
    return layer


class FCN8s(Baseline):
    """VGG-16 whose scores at strides 32, 16 and 8 are summed."""

    def __init__(self, classes: int, width: int = 64) -> None:
        super().__init__(classes)
        self.features = vgg16_features(width, batch_norm=False)
        self.fc6 = nn.Conv2d(8 * width, 64 * width, 7, padding=3)
        self.fc7 = nn.Conv2d(64 * width, 64 * width, 1)
        self.score_fc7 = nn.Conv2d(64 * width, classes, 1)
        self.apply(initialise)
        self.score_pool4 = nn.Conv2d(8 * width, classes, 1)
        self.score_pool3 = nn.Conv2d(4 * width, classes, 1)
        for skip in (self.score_pool4, self.score_pool3):
            nn.init.zeros_(skip.weight)
            nn.init.zeros_(skip.bias)  # type: ignore[arg-type]
        self.upsample_fc7 = bilinear_upsampling(classes)
        self.upsample_pool4 = bilinear_upsampling(classes)

    def logits(self, x: Tensor) -> Tensor:
        """See `Baseline.logits`."""
        pool3 = self.features[:_POOL3](x)
        pool4 = self.features[_POOL3:_POOL4](pool3)
        pool5 = self.features[_POOL4:](pool4)
        fc6 = F.dropout(F.relu(self.fc6(pool5)), 0.5, self.training)
        fc7 = F.dropout(F.relu(self.fc7(fc6)), 0.5, self.training)
        stride_16 = self.upsample_fc7(self.score_fc7(fc7)) + self.score_pool4(pool4)
        stride_8 = self.upsample_pool4(stride_16) + self.score_pool3(pool3)
        return F.interpolate(stride_8, scale_factor=8, mode="bilinear", align_corners=False)


def build(classes: int, width: int = 64) -> Baseline:
    """FCN-8s; ``width`` is the channels of VGG's first stage, 64 in the paper."""
    return FCN8s(classes, width)
