"""Patches that reach beyond the picture."""

from __future__ import annotations

import torch
from torch import Tensor


def reflect_to(pixels: Tensor, shape_yx: tuple[int, int]) -> Tensor:
    """Fill (..., h, w) up to a size at the bottom and the right by reflection, however often."""
    for axis, size in ((-2, shape_yx[0]), (-1, shape_yx[1])):
        length = pixels.shape[axis]
        if length < size:
            # 0 1 2 3 2 1 0 1 ...: numpy's "reflect", also where the picture is far too small.
            period = max(2 * length - 2, 1)
            index = torch.arange(size, device=pixels.device) % period
            pixels = pixels.index_select(axis, torch.minimum(index, period - index))
    return pixels
