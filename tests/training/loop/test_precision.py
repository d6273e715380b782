"""Slow depthwise convolutions stay in float32 under autocast; the others do not."""

import pytest
import torch
from torch import nn

from napari_uhrnet.training.loop.precision import quick_precision, spare_depthwise


class _Seen(nn.Conv2d):
    dtype = None

    def _conv_forward(self, input, weight, bias):
        out = super()._conv_forward(input, weight, bias)
        self.dtype = out.dtype
        return out


def test_only_slow_depthwise_convolutions_are_spared():
    model = nn.ModuleDict(
        {
            "dense": _Seen(4, 4, 5, padding=2),
            "quick": _Seen(4, 4, 3, padding=1, groups=4),
            "strided": _Seen(4, 4, 3, padding=1, stride=2, groups=4),
            "large": _Seen(4, 4, 5, padding=2, groups=4),
        }
    )
    x = torch.randn(1, 4, 8, 8)
    plain = {name: m(x) for name, m in model.items()}
    spare_depthwise(model)
    with torch.autocast("cpu", torch.bfloat16):
        out = {name: m(x.bfloat16()) for name, m in model.items()}
    assert {name: m.dtype for name, m in model.items()} == {
        "dense": torch.bfloat16,
        "quick": torch.bfloat16,
        "strided": torch.float32,
        "large": torch.float32,
    }
    for name, value in out.items():
        assert value.dtype == torch.bfloat16
        torch.testing.assert_close(value.float(), plain[name], atol=0.05, rtol=0.05)


@pytest.mark.parametrize(
    ("device", "known", "expected"),
    [
        ("cpu", {"avx512_bf16": True}, "bf16-mixed"),
        ("cpu", {"amx_bf16": True}, "bf16-mixed"),
        ("cpu", {"avx2": True, "avx512_bf16": False}, "32-true"),
        ("mps", {"avx512_bf16": True}, "32-true"),
    ],
)
def test_bfloat16_only_where_the_device_computes_it(monkeypatch, device, known, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known, raising=False)
    assert quick_precision(torch.device(device)) == expected
