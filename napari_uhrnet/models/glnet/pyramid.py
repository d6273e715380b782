"""GLNet's two feature pyramids: at every step one can take in the other branch's maps.

The names of the layers are those of ``fpn_global_local_fmreg_ensemble.py`` in GLNet's code, so
that published weights fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Levels = tuple[Tensor, Tensor, Tensor, Tensor]
"""Maps of one step at strides 32, 16, 8, 4: coarse to fine, as GLNet counts them (5 to 2)."""

WIDTH = 256
"""Channels of the published pyramids' lateral maps; the features have twice as many."""

_TOP_DOWN = ("toplayer", "latlayer1", "latlayer2", "latlayer3")
_SMOOTH_1 = ("smooth1_1", "smooth2_1", "smooth3_1", "smooth4_1")
_SMOOTH_2 = ("smooth1_2", "smooth2_2", "smooth3_2", "smooth4_2")


@dataclass(frozen=True, slots=True)
class SharedMaps:
    """The sixteen maps that one branch shows the other.

    ``backbone`` (ResNet-50: 2048, 1024, 512, 256 channels), ``top_down`` and ``smooth_1`` (width,
    256 each; the published code's ps0, ps1) and ``smooth_2`` (half of it; ps2), every map
    (B, C, h, w).
    """

    backbone: Levels
    top_down: Levels
    smooth_1: Levels
    smooth_2: Levels

    def map(self, change: Callable[[Tensor, int], Tensor]) -> SharedMaps:
        """``change(map, k)`` of each map; k = 0..3 is its level, coarse to fine."""
        return SharedMaps(
            *(
                levels(change(x, k) for k, x in enumerate(step))
                for step in (self.backbone, self.top_down, self.smooth_1, self.smooth_2)
            )
        )


@dataclass(frozen=True, slots=True)
class BranchMaps:
    """What a branch made of its input.

    ``features`` (B, 512, h, w) and ``logits`` (B, N, h, w) at stride 4 (the published ps3 and
    output), and the maps that the other branch may see.
    """

    shared: SharedMaps
    features: Tensor
    logits: Tensor


def levels(maps: Iterable[Tensor]) -> Levels:
    """Four maps, coarse to fine, as a tuple of that length."""
    five, four, three, two = maps
    return five, four, three, two


def resize(x: Tensor, size_yx: tuple[int, ...]) -> Tensor:
    """Bilinear, outer edges coinciding."""
    if tuple(x.shape[-2:]) == tuple(size_yx):
        return x
    return F.interpolate(x, size=size_yx, mode="bilinear", align_corners=False)


class Pyramid(nn.Module):
    """What both pyramids have in common: no norm, no activation, linear throughout.

    Parameters
    ----------
    classes
        Number of classes.
    backbone
        Channels of the backbone's maps, coarse to fine.
    width
        Channels of the lateral maps.
    """

    def __init__(self, classes: int, backbone: Sequence[int], width: int) -> None:
        super().__init__()
        self._backbone, self._width = tuple(backbone), width
        features = 2 * width
        self.classify = nn.Conv2d(features, classes, 3, padding=1)
        # Only used on maps of both branches, so without a variant for one.
        self.smooth = nn.Conv2d(2 * features, features, 3, padding=1)

    def _add_layers(self, fold: int, suffix: str = "") -> None:
        width = self._width
        for name, channels in zip(_TOP_DOWN, self._backbone, strict=True):
            self.add_module(name + suffix, nn.Conv2d(fold * channels, width, 1))
        for name in _SMOOTH_1:
            self.add_module(name + suffix, nn.Conv2d(fold * width, width, 3, padding=1))
        for name in _SMOOTH_2:
            self.add_module(name + suffix, nn.Conv2d(fold * width, width // 2, 3, padding=1))

    def _convolve(self, names: Sequence[str], suffix: str, maps: Sequence[Tensor]) -> list[Tensor]:
        named = zip(names, maps, strict=True)
        return [self.get_submodule(name + suffix)(x) for name, x in named]

    def _run(self, backbone: Levels, other: SharedMaps | None, suffix: str) -> BranchMaps:
        lateral = self._convolve(_TOP_DOWN, suffix, _join(backbone, other, "backbone"))
        top_down = levels(_add_downwards(lateral))
        joined = _join(top_down, other, "top_down")
        smooth_1 = levels(self._convolve(_SMOOTH_1, suffix, joined))
        joined = _join(smooth_1, other, "smooth_1")
        smooth_2 = levels(self._convolve(_SMOOTH_2, suffix, joined))
        joined = _join(smooth_2, other, "smooth_2")
        size_yx = smooth_2[3].shape[-2:]
        features = torch.cat([resize(x, size_yx) for x in joined], dim=1)
        if other is not None:
            features = self.smooth(features)
        shared = SharedMaps(backbone, top_down, smooth_1, smooth_2)
        return BranchMaps(shared, features, self.classify(features))


class GlobalPyramid(Pyramid):
    """Pyramid of the frame; its ``_ext`` layers take in what the patches saw (mode 3)."""

    def __init__(self, classes: int, backbone: Sequence[int], width: int) -> None:
        super().__init__(classes, backbone, width)
        self._add_layers(fold=1)
        self._add_layers(fold=2, suffix="_ext")

    def forward(self, backbone: Levels, patches: SharedMaps | None = None) -> BranchMaps:
        """The frame's maps, alone or together with ``patches`` merged onto its cells."""
        return self._run(backbone, patches, "" if patches is None else "_ext")


class LocalPyramid(Pyramid):
    """Pyramid of patches, which always sees the frame's maps as well."""

    def __init__(self, classes: int, backbone: Sequence[int], width: int) -> None:
        super().__init__(classes, backbone, width)
        self._add_layers(fold=2)

    def forward(self, backbone: Levels, frame: SharedMaps) -> BranchMaps:
        """The patches' maps; ``frame`` holds the frame's, cut out and resized to their cells."""
        return self._run(backbone, frame, "")


def _join(own: Levels, other: SharedMaps | None, step: str) -> Sequence[Tensor]:
    if other is None:
        return own
    return [torch.cat(pair, dim=1) for pair in zip(own, getattr(other, step), strict=True)]


def _add_downwards(lateral: list[Tensor]) -> list[Tensor]:
    sums = lateral[:1]
    for x in lateral[1:]:
        sums.append(resize(sums[-1], x.shape[-2:]) + x)
    return sums
