"""Norm statistics of patches, shared between neighbours.

A norm over one patch removes what distinguishes it from its neighbours: its brightness and its
contrast. On single patches the light local branch predicts worse than on the whole view, and nearly
all of the difference comes from these statistics (docs/experiments.md). So descriptors carry them,
and at inference every patch is normed by the mean statistics of itself and its neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence


def statistics(x: Tensor, norm: nn.GroupNorm) -> Tensor:
    """(B, 2 groups): mean and mean square of each group of channels of (B, C, h, w).

    Both can be averaged over patches; variances could not.
    """
    values = at_least_float(x).reshape(len(x), norm.num_groups, -1)
    return torch.cat([values.mean(2), values.square().mean(2)], dim=1)


def normed(x: Tensor, norm: nn.GroupNorm, statistics: Tensor) -> Tensor:
    """(B, C, h, w): what a norm gives, but by statistics (B, 2 groups) that need not be x's own."""
    mean, square = (
        m.repeat_interleave(x.shape[1] // m.shape[1], 1) for m in statistics.chunk(2, 1)
    )
    scale = (square - mean.square()).clamp(min=0).add(norm.eps).rsqrt() * norm.weight
    shift = norm.bias - mean * scale
    return x * scale[..., None, None] + shift[..., None, None]


def at_least_float(x: Tensor) -> Tensor:
    """Half precision as float32: its squares are too coarse to compute a variance from."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def packed(maps: Sequence[Tensor]) -> Tensor:
    """(B, C, L): maps (B, C, h, w) of a pyramid one after the other."""
    return torch.cat([x.flatten(2) for x in maps], dim=2)


def unpacked(values: Tensor, patch_px: int) -> list[Tensor]:
    """The maps of a square patch that `packed` took: strides 4 to 32, sides rounded up."""
    sides = [-(-patch_px // stride) for stride in (4, 8, 16, 32)]
    parts = torch.split(values, [side * side for side in sides], dim=2)
    return [p.reshape(*p.shape[:2], side, side) for p, side in zip(parts, sides, strict=True)]


def averaged(nine: Tensor, present: Tensor) -> Tensor:
    """(B, S): the mean of (B, S, 3, 3) over the patches that are ``present`` (B, 3, 3)."""
    weights = present.unsqueeze(1).to(nine)
    mean: Tensor = (nine * weights).sum((2, 3)) / weights.sum((2, 3))
    return mean
