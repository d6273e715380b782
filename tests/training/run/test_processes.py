"""Two processes train as one with the joint batch."""

import numpy as np
import pytest
import torch
from lightning.fabric import Fabric

from napari_uhrnet.training.loop.fit import fit
from tests.models.tiny import CLASSES
from tests.training.made import CONFIG, network_of, objective, view


def _views(rank):
    """Each rank has views of its own, with different amounts of truth."""
    pixels, labels = view(np.random.default_rng(rank))
    labels[: 30 * rank] = 255
    return [(pixels, labels)]


def _train(fabric, folder):
    torch.set_num_threads(1)
    network = network_of("uhrnet")
    draw = lambda rng: _views(fabric.global_rank)  # noqa: E731
    list(fit(network, draw, CLASSES, objective(), CONFIG, folder, fabric))
    torch.save(network.state_dict(), folder / f"rank{fabric.global_rank}.pt")


def test_two_processes_are_one_with_the_joint_batch(tmp_path):
    """Slow: two processes are started."""
    fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp_fork", precision="32-true")
    fabric.launch(_train, tmp_path)
    ranks = [torch.load(tmp_path / f"rank{k}.pt") for k in (0, 1)]
    for name, value in ranks[0].items():
        assert torch.equal(value, ranks[1][name]), name
    one = network_of("uhrnet")
    list(
        fit(
            one,
            lambda rng: _views(0) + _views(1),
            CLASSES,
            objective(),
            CONFIG,
            tmp_path / "one",
        )
    )
    start = network_of("uhrnet").state_dict()
    moved = max(float((v - start[k]).abs().max()) for k, v in one.state_dict().items())
    for name, value in one.state_dict().items():
        assert float((value - ranks[0][name]).abs().max()) < 0.02 * moved, name
    assert pytest.approx(0) != moved
