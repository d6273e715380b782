"""DeepLabv3+: atrous spatial pyramid pooling, and a decoder that looks once at fine features.

Chen, Zhu, Papandreou, Schroff and Adam, "Encoder-Decoder with Atrous Separable Convolution for
Semantic Image Segmentation", ECCV 2018.

From segmentation-models-pytorch. ResNet-101 is one of the paper's two backbones (section 4.1; the
other is its modified Xception). Output stride 16 with rates 6, 12 and 18 as in the paper (the
library's default rates are twice as large), separable convolutions as in its Xception variant.
Deviations: one more separable convolution after the pyramid pooling, one fewer in the decoder.
Features that are pooled over an image have one value a channel: their batch norm learns statistics
from batches of two images or more, and takes those for a single one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn
from torch.nn import functional as F

from napari_uhrnet.extras import needs
from napari_uhrnet.models.baselines.baseline import Baseline

if TYPE_CHECKING:
    from torch import Tensor


class PooledNorm(nn.BatchNorm2d):
    """A batch norm that accepts a single value a channel in training, too."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) normed; by the running statistics if there is one value a channel."""
        if x.numel() > x.shape[1]:
            return super().forward(x)
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )


class DeepLabV3Plus(Baseline):
    """DeepLabv3+ on an encoder of segmentation-models-pytorch."""

    def __init__(self, classes: int, encoder: str = "resnet101", channels: int = 256) -> None:
        super().__init__(classes)
        needs("segmentation_models_pytorch", "reproduce", "DeepLabv3+")
        import segmentation_models_pytorch as smp  # slow to import

        self.network: Any = smp.DeepLabV3Plus(
            encoder_name=encoder,
            encoder_weights=None,
            encoder_output_stride=16,
            decoder_channels=channels,
            decoder_atrous_rates=(6, 12, 18),
            classes=classes,
        )
        pooling: Any = self.network.decoder.aspp[0].convs[-1]
        pooling[2] = PooledNorm(pooling[2].num_features)

    def logits(self, x: Tensor) -> Tensor:
        """See `Baseline.logits`."""
        logits: Tensor = self.network(x)
        return logits


def build(classes: int, encoder: str = "resnet101", channels: int = 256) -> Baseline:
    """DeepLabv3+; ``channels`` are those of the pyramid pooling and the decoder."""
    return DeepLabV3Plus(classes, encoder, channels)
