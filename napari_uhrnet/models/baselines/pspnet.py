"""PSPNet: a dilated residual network whose last features are pooled at four scales.

Zhao, Shi, Qi, Wang and Jia, "Pyramid Scene Parsing Network", CVPR 2017.

From segmentation-models-pytorch, with all five stages at output stride 8 as in the paper (the
library's default stops after three). ResNet-101 is the backbone of the networks that the authors
released for VOC 2012 and Cityscapes.
Deviations: the stem is one 7 x 7 convolution, not three 3 x 3; the pooled features are joined by a
1 x 1 convolution and classified by a 3 x 3 one, in the paper the other way round; no auxiliary
loss on the fourth stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uhrnet.extras import needs
from napari_uhrnet.models.baselines.baseline import Baseline

if TYPE_CHECKING:
    from torch import Tensor


class PSPNet(Baseline):
    """PSPNet on an encoder of segmentation-models-pytorch."""

    size_multiple = 8

    def __init__(self, classes: int, encoder: str = "resnet101", channels: int = 512) -> None:
        super().__init__(classes)
        needs("segmentation_models_pytorch", "reproduce", "PSPNet")
        import segmentation_models_pytorch as smp  # slow to import

        self.network: Any = smp.PSPNet(
            encoder_name=encoder,
            encoder_weights=None,
            encoder_depth=5,
            output_stride=8,
            upsampling=8,
            psp_out_channels=channels,
            psp_dropout=0.1,
            classes=classes,
        )

    def logits(self, x: Tensor) -> Tensor:
        """See `Baseline.logits`."""
        logits: Tensor = self.network(x)
        return logits


def build(classes: int, encoder: str = "resnet101", channels: int = 512) -> Baseline:
    """PSPNet; ``channels`` are those after the pyramid pooling."""
    return PSPNet(classes, encoder, channels)
