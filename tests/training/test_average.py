"""Means of checkpoints: of all weights, and only of networks that are alike."""

import subprocess
import sys

import pytest
import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.models.base.checkpoint import read_card, read_weights, save_checkpoint
from napari_uhrnet.training import average
from tests.models.tiny import CLASSES, TINY, tiny_card, tiny_network


def saved(path, seed, **changes):
    config = TINY.model_copy(update=changes)
    card = tiny_card(config).model_copy(
        update={
            "training": {"steps": seed},
            "metrics": {"a": 1},
            "trained_on": f"{seed:08x}" + "f" * 8,
        }
    )
    save_checkpoint(path, tiny_network(seed, config=config).state_dict(), card)
    return path, read_weights(path, read_card(path))


def test_weights_are_the_mean_and_the_card_says_of_what(tmp_path, monkeypatch):
    (a, first), (b, second) = (
        saved(tmp_path / "a.safetensors", 1),
        saved(tmp_path / "b.safetensors", 2),
    )
    out = tmp_path / "out.safetensors"
    monkeypatch.setattr(sys, "argv", ["average", str(out), str(a), str(b)])
    average.main()
    card = read_card(out)
    assert card.training == {"steps": 2, "mean_of": [read_card(a).sha256, read_card(b).sha256]}
    assert card.metrics == {}  # nobody has scored the mean yet
    assert card.trained_on == "00000001" + "00000002" + "f" * 8
    mean = read_weights(out, card)
    assert mean.keys() == first.keys()
    for name, value in mean.items():
        if value.is_floating_point():
            expected = ((first[name].float() + second[name].float()) / 2).half().float()
            torch.testing.assert_close(value.float(), expected, msg=name)


def test_the_last_layer_of_another_kind_of_fusion_counts_as_zero(tmp_path):
    a, _ = saved(tmp_path / "a.safetensors", 1, fusion_corrects="mean")
    b, second = saved(tmp_path / "b.safetensors", 2, fusion_corrects="local")
    mean, card = average.average([a, b])
    assert card.config.fusion_corrects == "local"
    torch.testing.assert_close(mean["fused_head.weight"], second["fused_head.weight"].float() / 2)


@pytest.mark.parametrize("changes", [{"use_global": False}, {"feature_channels": 16}])
def test_other_networks_are_refused(tmp_path, changes):
    a, _ = saved(tmp_path / "a.safetensors", 1, **changes)
    b, _ = saved(tmp_path / "b.safetensors", 2)
    with pytest.raises(UserError, match=r"a\.safetensors: is not of the same network"):
        average.average([a, b])


def test_as_a_command_it_says_so_in_one_sentence(tmp_path):
    a, _ = saved(tmp_path / "a.safetensors", 1, feature_channels=16)
    b, _ = saved(tmp_path / "b.safetensors", 2)
    words = [sys.executable, "-m", "napari_uhrnet.training.average", tmp_path / "out", a, b]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"{a}: is not of the same network as {b}\n"


def test_other_classes_are_refused(tmp_path):
    a, _ = saved(tmp_path / "a.safetensors", 1)
    ice = LabelClass(5, "ice", (0, 0, 255))
    other = ClassTable("other", (*CLASSES.classes[:2], ice)).to_dict()
    card = tiny_card().model_copy(update={"class_table": other})
    save_checkpoint(tmp_path / "b.safetensors", tiny_network(2).state_dict(), card)
    with pytest.raises(UserError, match="same network"):
        average.average([a, tmp_path / "b.safetensors"])
