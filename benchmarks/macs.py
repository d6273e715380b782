"""Counting multiply-accumulates as they are executed, at negligible cost.

torch's own FlopCounterMode works below the dispatcher and makes a GLNet on a CPU 1.3 times slower
(torch 2.14), so that nothing can be timed under it. This one only looks at the calls from above.
"""

from __future__ import annotations

from collections import Counter

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

_CONVOLUTIONS = {F.conv1d, F.conv2d, torch.conv1d, torch.conv2d}
_TRANSPOSED = {F.conv_transpose2d, torch.conv_transpose2d}
_PRODUCTS = {torch.matmul, torch.Tensor.matmul, torch.Tensor.__matmul__, F.linear}


class MacCounter(TorchFunctionMode):
    """Counts the MACs of convolutions and matrix products while it is entered.

    ``by_shape`` is their distribution: (weight shape, output height and width) to MACs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_shape: Counter[tuple] = Counter()

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_shape.values())

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Let the call through and count it."""
        out = func(*args, **(kwargs or {}))
        if func in _CONVOLUTIONS:
            self._add(args[1].shape, out, args[1][0].numel())
        elif func in _TRANSPOSED:
            self._add(args[1].shape, args[0], args[1][0].numel())
        elif func in _PRODUCTS:
            self._add(("product",), out, args[0].shape[-1])
        return out

    def _add(self, weight: tuple, values, macs_each: int) -> None:
        self.by_shape[(*weight, *values.shape[-2:])] += values.numel() * macs_each
