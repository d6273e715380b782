"""Mixed precision where it is quicker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


Precision = Literal["32-true", "bf16-mixed"]


def quick_precision(device: torch.device) -> Precision:
    """The quicker one: bfloat16 where the device computes it itself.

    A CPU that only imitates it took 25 s for a step that took 8 s in float32.
    """
    if device.type == "cuda":
        quick = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        # Older versions of torch cannot be asked: then in full.
        tell = getattr(torch.cpu, "get_capabilities", dict)
        known: dict[str, bool] = tell() if device.type == "cpu" else {}
        quick = bool(known.get("avx512_bf16") or known.get("amx_bf16"))
    return "bf16-mixed" if quick else "32-true"


class _InFull:
    """A convolution's forward in float32, whatever the autocast around it."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        self._forward = convolution.forward

    def __call__(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return self._forward(x.float()).to(x.dtype)


def spare_depthwise(model: nn.Module) -> None:
    """Leave the slow ones of the depthwise convolutions in float32 on a CPU.

    With torch 2.14 the gradient of a depthwise convolution in bfloat16 takes up to three times as
    long as in float32, unless it is 3 x 3 with stride 1; a step of a light network took 1.6 s with
    all of them in bfloat16, 1.1 s so, and 1.9 s in float32.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1 and not _is_quick(module):
            if isinstance(module.forward, _InFull):
                continue
            module.forward = _InFull(module)  # type: ignore[method-assign,assignment]


def _is_quick(convolution: nn.Conv2d) -> bool:
    return convolution.kernel_size == (3, 3) and convolution.stride == (1, 1)
