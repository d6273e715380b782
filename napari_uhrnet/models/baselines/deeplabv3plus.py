"""DeepLabv3+: atrous spatial pyramid pooling, and a decoder that looks once at fine features.

Chen, Zhu, Papandreou, Schroff and Adam, "Encoder-Decoder with Atrous Separable Convolution for
Semantic Image Segmentation", ECCV 2018.

From segmentation-models-pytorch. ResNet-101 is one of the paper's two backbones (section 4.1; the
other is its modified Xception). Output stride 16 with rates 6, 12 and 18 as in the paper (the
library's default rates are twice as large), separable convolutions as in its Xception variant.
Deviations: one more separable convolution after the pyramid pooling, one fewer in the decoder.
Training needs two images a batch, for the batch norm of the pooled features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uhrnet.models.baselines.baseline import Baseline

if TYPE_CHECKING:
    from torch import Tensor


class DeepLabV3Plus(Baseline):
    """DeepLabv3+ on an encoder that segmentation-models-pytorch knows."""

    def __init__(self, classes: int, encoder: str = "resnet101", channels: int = 256) -> None:
        super().__init__(classes)
        import segmentation_models_pytorch as smp  # slow to import

        self.network: Any = smp.DeepLabV3Plus(
            encoder_name=encoder,
            encoder_weights=None,
            encoder_output_stride=16,
            decoder_channels=channels,
            decoder_atrous_rates=(6, 12, 18),
            classes=classes,
        )

    def logits(self, x: Tensor) -> Tensor:
        """See `Baseline.logits`."""
        logits: Tensor = self.network(x)
        return logits


def build(classes: int, encoder: str = "resnet101", channels: int = 256) -> Baseline:
    """DeepLabv3+; ``channels`` are those of the pyramid pooling and the decoder."""
    return DeepLabV3Plus(classes, encoder, channels)
