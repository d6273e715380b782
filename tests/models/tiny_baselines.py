"""The six baselines with few channels."""

import torch
from torch import nn

from napari_uhrnet.models.baselines import BASELINES

TINY = {
    "icnet": {"width": 4},
    "unet": {"width": 2},
    "pspnet": {"encoder": "tu-lcnet_035", "channels": 8},
    "segnet": {"width": 2},
    "fcn8s": {"width": 2},
    "deeplabv3plus": {"encoder": "tu-lcnet_035", "channels": 8},
}


def tiny(name, classes=3, seed=0):
    """Random weights, also where the network starts at zero: every layer has an effect."""
    torch.manual_seed(seed)
    network = BASELINES[name].build(classes, **TINY[name]).eval()
    for p in network.parameters():
        if not p.any():
            nn.init.normal_(p, std=0.1)
    return network


def image(height, width, count=1, seed=0):
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 255
