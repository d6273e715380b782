"""SegNet: an encoder-decoder whose decoder remembers where each maximum was.

Badrinarayanan, Kendall and Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder Architecture for
Image Segmentation", IEEE TPAMI 39(12), 2017.

As published: the 13 convolutions of VGG-16 with batch norm; a decoder that mirrors them, whose
last convolution is the classifier; max-unpooling with the indices of the encoder.
Deviation: pixels are normalised by ImageNet's mean and deviation, not by local contrast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional as F

from napari_uhrnet.models.baselines.baseline import Baseline, initialise
from napari_uhrnet.models.baselines.vgg import STAGES, vgg16_features

if TYPE_CHECKING:
    from torch import Tensor


def _decoder_stage(inputs: int, outputs: int, convolutions: int) -> nn.Sequential:
    """Convolution, batch norm and ReLU several times; the last one changes the channels."""
    layers: list[nn.Module] = []
    for k in range(convolutions):
        channels = outputs if k == convolutions - 1 else inputs
        layers += [
            nn.Conv2d(inputs, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


class SegNet(Baseline):
    """VGG-16 and its mirror image."""

    def __init__(self, classes: int, width: int = 64) -> None:
        super().__init__(classes)
        self.features = vgg16_features(width, batch_norm=True, indices=True)
        channels = [widths * width for widths, _ in STAGES]
        # From the deepest stage on; the classifier is the second convolution of the last one.
        self.decoder = nn.ModuleList(
            _decoder_stage(channels[k], channels[max(k - 1, 0)], STAGES[k][1] - (k == 0))
            for k in reversed(range(len(STAGES)))
        )
        self.classifier = nn.Conv2d(width, classes, 3, padding=1)
        self.apply(initialise)

    def logits(self, x: Tensor) -> Tensor:
        """See `Baseline.logits`."""
        found: list[Tensor] = []
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                x, where = layer(x)
                found.append(where)
            else:
                x = layer(x)
        for stage, where in zip(self.decoder, reversed(found), strict=True):
            x = stage(F.max_unpool2d(x, where, (2, 2)))
        logits: Tensor = self.classifier(x)
        return logits


def build(classes: int, width: int = 64) -> Baseline:
    """SegNet; ``width`` is the channels of VGG's first stage, 64 in the paper."""
    return SegNet(classes, width)
