"""One device in plain torch trains as lightning's Fabric does, to the last bit."""

from dataclasses import replace

import pytest
import torch
from lightning.fabric import Fabric

from napari_uhrnet.training.loop.devices import OneDevice
from napari_uhrnet.training.loop.fit import STATE, fit
from tests.models.tiny import CLASSES
from tests.training.made import CONFIG, draw, network_of, objective, same_weights


def _trained(folder, kind, config, devices):
    network = network_of(kind)
    done = list(fit(network, draw, CLASSES, objective(), config, folder, devices))
    return network, [(p.loss, p.branches) for p in done], torch.load(folder / STATE)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("kind", ["uhrnet", "glnet2"])
def test_one_device_is_a_fabric_of_one(tmp_path, kind, precision):
    config = replace(CONFIG, steps=3, precision=precision)
    fabric = Fabric(accelerator="cpu", devices=1, precision=precision)
    one = OneDevice(torch.device("cpu"), precision)
    network, losses, state = _trained(tmp_path / "one", kind, config, one)
    other, expected, kept = _trained(tmp_path / "fabric", kind, config, fabric)
    assert same_weights(network, other) and losses == expected
    assert all(torch.equal(value, kept["model"][k]) for k, value in state["model"].items())
    assert not same_weights(network, network_of(kind))


def test_precisions_differ(tmp_path):
    """Else the comparison above would prove nothing about them."""
    full, mixed = (
        _trained(tmp_path / name, "uhrnet", replace(CONFIG, steps=1, precision=name), None)[0]
        for name in ("32-true", "bf16-mixed")
    )
    assert not same_weights(full, mixed)


def test_a_device_computes_in_its_precision():
    layer, x = torch.nn.Linear(3, 2), torch.rand(1, 3)
    for precision, dtype in (("32-true", torch.float32), ("bf16-mixed", torch.bfloat16)):
        with OneDevice(torch.device("cpu"), precision).autocast():
            assert layer(x).dtype == dtype
