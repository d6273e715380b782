"""A network with few channels, and a checkpoint of it in memory."""

from copy import copy

import torch

from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.models.base.checkpoint import Card
from napari_uhrnet.models.base.config import UHRNetConfig
from napari_uhrnet.models.registry import LoadedModel
from napari_uhrnet.models.uhrnet.network import UHRNet

TINY = UHRNetConfig(
    backbone="lcnet_035",
    frame_px=160,
    patch_px=64,
    min_overlap_px=16,
    frame_shrink=2,
    feature_channels=8,
    descriptor_channels=4,
    descriptor_cells=4,
    fusion_channels=8,
    classes=3,
)
CLASSES = ClassTable(
    "tiny",
    (
        LabelClass(1, "field", (255, 255, 0)),
        LabelClass(4, "wood", (0, 255, 0)),
        LabelClass(5, "water", (0, 0, 255)),
    ),
)


def classes_of(count: int) -> ClassTable:
    """A table with ids that are no channel numbers."""
    return ClassTable("n", tuple(LabelClass(k + 1, f"c{k}", (k, k, k)) for k in range(count)))


def tiny_network(seed: int = 0, *, listening: bool = True, config: UHRNetConfig = TINY) -> UHRNet:
    """Random weights; with ``listening`` local fusion adds something, untrained it does not."""
    torch.manual_seed(seed)
    network = UHRNet(config)
    if listening and network.needs_neighbours:
        torch.nn.init.normal_(network.local_fusion.tell.weight)
    for name, module in network.named_children():
        if name.endswith("_head"):
            torch.nn.init.normal_(module.weight, std=0.5)
    return network.eval()


def without_neighbours(network: UHRNet) -> UHRNet:
    """The same weights without local fusion."""
    alone = copy(network)
    alone.needs_neighbours = False
    return alone


def tiny_card(config: UHRNetConfig = TINY) -> Card:
    return Card(
        name="tiny",
        title="for tests",
        architecture="uhrnet",
        config=config,
        class_table=CLASSES.to_dict(),
        pixel_size_m=2.0,
        terms="none",
        sha256="0123456789abcdef",
    )


def tiny_model(seed: int = 0, config: UHRNetConfig = TINY) -> LoadedModel:
    network = tiny_network(seed, config=config).requires_grad_(False)
    return LoadedModel("tiny", network, tiny_card(config), f"tiny{seed}", torch.device("cpu"))
