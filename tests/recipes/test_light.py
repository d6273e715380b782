"""The recipe of the light checkpoints: starting from a checkpoint."""

import sys
from pathlib import Path

import pytest
import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.models.base.checkpoint import save_checkpoint
from napari_uhrnet.models.build import build_network
from recipes import light
from recipes.light import start_from
from tests.models.tiny import TINY, tiny_card, tiny_network

CORRECTS = TINY.model_copy(update={"fusion_corrects": "mean"})


@pytest.fixture
def old(tmp_path):
    network = tiny_network()
    card = tiny_card().model_copy(update={"config": TINY, "training": {"steps": 7}})
    path = tmp_path / "old.safetensors"
    save_checkpoint(path, network.state_dict(), card)
    return path, {k: v.half().float() for k, v in network.state_dict().items()}


def test_all_weights_are_taken_and_the_start_is_named(old):
    path, weights = old
    network = tiny_network(seed=3)
    assert "after 7 steps" in start_from(network, path)
    for name, value in network.state_dict().items():
        assert torch.equal(value.float(), weights[name].float()), name


def test_a_fusion_that_corrects_something_else_begins_at_zero_again(old):
    path, weights = old
    network = build_network(CORRECTS)
    start_from(network, path)
    assert not network.fused_head.weight.any()
    assert not network.fused_head.bias.any()
    fusion = "global_local_fusion."
    taken = [k for k in weights if k.startswith(fusion)]
    assert taken
    for name in taken:
        assert torch.equal(network.state_dict()[name], weights[name])


def test_another_network_is_refused(old):
    path, _ = old
    other = build_network(TINY.model_copy(update={"use_global": False}))
    with pytest.raises(UserError, match="no checkpoint of this network"):
        start_from(other, path)


def test_what_a_network_cannot_correct_is_refused(monkeypatch, capsys):
    words = ["--model", "glnet-light", "--corrects", "local", "--data", "d", "--split", "s"]
    monkeypatch.setattr(sys, "argv", ["light", *words, "--run", "r"])
    with pytest.raises(SystemExit, match="2"):
        light.main()
    assert "glnet-light has no fusion" in capsys.readouterr().err


def test_pseudo_labels_are_read_from_the_folder_of_taught(monkeypatch):
    words = ["--data", "d", "--split", "s", "--run", "r", "--taught", "labels"]
    monkeypatch.setattr(sys, "argv", ["light", *words])
    assert light._options().pseudo_labels == Path("labels")
