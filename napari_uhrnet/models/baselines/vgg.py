"""The convolutions of VGG-16, the encoder of FCN-8s and SegNet.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
ICLR 2015. Layers are numbered as ``features`` of torchvision's ``vgg16`` and ``vgg16_bn``, so that
its weights fit.
"""

from __future__ import annotations

from torch import nn

STAGES = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))
"""Channels of each stage, in widths, and its number of convolutions; a pooling ends a stage."""


def vgg16_features(width: int, *, batch_norm: bool, indices: bool = False) -> nn.Sequential:
    """Thirteen 3 x 3 convolutions and five 2 x 2 poolings.

    Parameters
    ----------
    width
        Channels of the first stage; 64 in the paper.
    batch_norm
        Whether batch norm follows each convolution.
    indices
        Whether the poolings return, besides the maxima, where they were found.
    """
    layers: list[nn.Module] = []
    inputs = 3
    for widths, convolutions in STAGES:
        for _ in range(convolutions):
            layers.append(nn.Conv2d(inputs, widths * width, 3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(widths * width))
            layers.append(nn.ReLU(inplace=True))
            inputs = widths * width
        layers.append(nn.MaxPool2d(2, return_indices=indices))
    return nn.Sequential(*layers)
