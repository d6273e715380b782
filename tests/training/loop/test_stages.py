"""Stages: what is frozen keeps its weights and its predictions."""

from dataclasses import replace

import pytest
import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.training.loop.stages import enter_stage, follow_stage, train_mode
from napari_uhrnet.training.run.config import TrainConfig
from tests.training.made import CONFIG, network_of, run

CASES = {
    ("uhrnet", "global"): {"global_branch", "global_head"},
    ("uhrnet", "local"): {
        "local_branch",
        "local_head",
        "descriptor",
        "local_fusion",
        "fused_head",
        "global_local_fusion",
    },
    ("into-frame", "local"): {
        "local_branch",
        "local_head",
        "descriptor",
        "local_fusion",
        "fused_head",
        "global_local_fusion",
        "frame_fusion",
    },
    ("uhrnet", "fusions"): {"descriptor", "local_fusion", "fused_head", "global_local_fusion"},
    ("into-frame", "fusions"): {
        "descriptor",
        "local_fusion",
        "fused_head",
        "global_local_fusion",
        "frame_fusion",
    },
    ("glnet2", "fusions"): {"network.ensemble_conv"},
    ("into-frame", "readout"): {
        "global_branch",
        "global_head",
        "frame_fusion",
        "fused_head",
        "global_local_fusion",
    },
    ("glnet3", "global"): {"network.resnet_global", "network.fpn_global"},
    ("glnet3", "local"): {"network.resnet_local", "network.fpn_local", "network.ensemble_conv"},
    ("glnet3", "readout"): {
        "network.resnet_global",
        "network.fpn_global",
        "network.ensemble_conv",
    },
}


def _part(name):
    return ".".join(name.split(".")[: 2 if name.startswith("network.") else 1])


@pytest.mark.parametrize(("kind", "stage"), CASES)
def test_only_the_part_of_a_stage_moves(kind, stage, tmp_path):
    network = network_of(kind)
    before = {k: v.clone() for k, v in network.state_dict().items()}
    enter_stage(network, stage)
    run(tmp_path, replace(CONFIG, steps=2), network=network)
    moved = {_part(k) for k, v in network.state_dict().items() if not torch.equal(v, before[k])}
    assert moved == CASES[kind, stage]


def test_rates_of_new_layers_are_larger_where_only_the_fusions_learn():
    config = TrainConfig(
        made=1, stages=({"name": "joint", "steps": 1}, {"name": "fusions", "steps": 1})
    )
    joint, fusions = (config.fit(stage) for stage in config.stages)
    assert joint.rate_heads == config.rate_heads
    assert fusions.rate_heads == 3 * config.rate_heads
    assert joint.rate_backbones == fusions.rate_backbones == config.rate_backbones


def test_frozen_parts_are_not_in_training_mode():
    network = network_of("uhrnet")
    enter_stage(network, "local")
    train_mode(network)
    assert not any(m.training for m in network.global_branch.modules())
    assert network.local_fusion.training and network.local_branch.training
    enter_stage(network, "joint")
    train_mode(network)
    assert network.global_branch.training
    assert not any(m.training for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d))


def test_joint_training_moves_everything_and_asks_for_everything(tmp_path):
    network = network_of("into-frame")
    enter_stage(network, "global")
    assert not network.needs_patches and not network.needs_whole_frame
    enter_stage(network, "joint")
    assert network.needs_patches and network.needs_neighbours and network.needs_whole_frame
    assert all(p.requires_grad for p in network.parameters())


def test_gradients_of_the_stage_before_are_forgotten():
    network = network_of("uhrnet")
    for p in network.parameters():
        p.grad = torch.ones_like(p)
    enter_stage(network, "local")
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize(
    ("kind", "stage"),
    [
        ("uhrnet", "readout"),
        ("local", "global"),
        ("global", "fusions"),
        ("glnet2", "readout"),
        ("unet-patches", "local"),
    ],
)
def test_a_part_that_a_network_lacks_is_refused(kind, stage):
    with pytest.raises(UserError, match=stage):
        enter_stage(network_of(kind), stage)


def test_glnets_frozen_copy_is_what_was_trained_before():
    network = network_of("glnet3")
    follow_stage(network, "joint")
    own, copy = network.network.state_dict(), network.frozen_global.state_dict()
    assert any(not torch.equal(v, copy[k]) for k, v in own.items())
    follow_stage(network, "local")
    assert all(torch.equal(v, copy[k]) for k, v in own.items())
