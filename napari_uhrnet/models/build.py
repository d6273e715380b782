"""From a config to a network with random weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.models.base.config import BaselineConfig, GLNetConfig
from napari_uhrnet.models.glnet.tiled import TiledGLNet
from napari_uhrnet.models.regimes import RegimeBaseline
from napari_uhrnet.models.uhrnet.network import UHRNet

if TYPE_CHECKING:
    from napari_uhrnet.models.base.config import Config

Network = UHRNet | TiledGLNet | RegimeBaseline


def build_network(config: Config) -> Network:
    """The network of a config; each is a `models.base.protocol.SegmentationModel`."""
    if isinstance(config, GLNetConfig):
        return TiledGLNet(config)
    if isinstance(config, BaselineConfig):
        return RegimeBaseline(config)
    return UHRNet(config)
