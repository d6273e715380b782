"""Published GLNet files: which mode takes what from which, and a sentence for all others."""

import os
import pickle

import pytest
import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.models.glnet import load_published, published_inference
from tests.models.glnet_made import SHAPES, made_picture


def _small_weights(offset=0.0):
    """A full checkpoint whose tensors repeat one number, so that its file is small."""
    return {
        key: torch.tensor(float(len(key)) + offset).expand(shape) for key, shape in SHAPES.items()
    }


def _save(folder, name, weights):
    path = folder / name
    torch.save(weights, path)
    return path


@pytest.fixture
def files(tmp_path):
    names = ("global", "global2local", "local2global")
    return [
        _save(tmp_path, f"fpn_deepglobe_{name}.pth", _small_weights(k / 8))
        for k, name in enumerate(names)
    ]


def _offset(network, key):
    """Which file a weight came from."""
    value = network.state_dict()[key].flatten()[0].item()
    return value - len(f"module.{key}")


BIAS_G, BIAS_L = "fpn_global.toplayer.bias", "fpn_local.toplayer.bias"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_each_mode_takes_its_files_whatever_their_order(files, order):
    paths = [files[k] for k in order]
    best = load_published(paths)
    assert best.mode == 3
    assert _offset(best.model, BIAS_G) == _offset(best.model, BIAS_L) == 2 / 8
    assert _offset(best.frozen_global, BIAS_G) == 0
    second = load_published(paths, mode=2)
    assert second.mode == 2 and second.frozen_global is None
    assert _offset(second.model, BIAS_G) == _offset(second.model, BIAS_L) == 1 / 8
    first = load_published(paths, mode=1)
    assert first.mode == 1 and _offset(first.model, BIAS_G) == 0


def test_fewer_files_are_enough_for_lower_modes(files):
    assert load_published(files[:1]).mode == 1
    assert load_published(files[:2]).mode == 2
    assert load_published(files[1:2]).mode == 2
    assert load_published([files[0], files[2]]).mode == 3
    for paths, mode, lacking in ((files[1:], 3, "global"), (files[:1], 2, "global2local")):
        with pytest.raises(UserError, match=f"mode {mode} also needs the {lacking} file"):
            load_published(paths, mode)
    with pytest.raises(UserError, match="needs the global file"):
        load_published(files[2:])


def test_files_whose_names_tell_nothing_are_taken_in_order(files, tmp_path):
    named = [path.rename(tmp_path / f"{k}.pth") for k, path in enumerate(files)]
    assert _offset(load_published(named).model, BIAS_L) == 2 / 8
    assert _offset(load_published(named, mode=2).model, BIAS_L) == 1 / 8


def test_nothing_local_is_taken_from_the_global_file(files):
    weights = load_published(files[:1]).model.state_dict()
    assert not weights[BIAS_L].any()
    assert weights["ensemble_conv.weight"].all()


def test_a_loaded_network_is_ready_to_run(files):
    loaded = load_published(files[:1])
    assert not loaded.model.training
    assert not any(p.requires_grad for p in loaded.model.parameters())
    scores = published_inference(loaded.model, made_picture(64, 80, 0), 64, 1)
    assert scores["global"].shape == (7, 64, 80)


@pytest.mark.parametrize(
    ("role", "unused", "used"),
    [
        ("global", "fpn_global.smooth1_1_ext.bias", "fpn_global.smooth1_1.bias"),
        ("global", "ensemble_conv.bias", "resnet_global.bn1.weight"),
        ("global2local", "fpn_global.smooth.weight", "fpn_global.latlayer1.weight"),
        ("global2local", "resnet_local.bn1.num_batches_tracked", "resnet_local.bn1.running_var"),
        ("local2global", "fpn_global.toplayer.bias", "fpn_global.toplayer_ext.bias"),
        ("local2global", "fpn_global.smooth4_2.bias", "fpn_global.classify.weight"),
        ("local2global", "fpn_global.smooth4_1.bias", "ensemble_conv.weight"),
    ],
)
def test_only_what_a_mode_uses_must_be_there(role, unused, used, files, tmp_path):
    weights = _small_weights() | {"module.stray": torch.zeros(1)}
    paths = [files[0]] if role == "local2global" else []
    del weights[f"module.{unused}"]
    paths.append(_save(tmp_path, f"mine_{role}.pth", weights))
    assert load_published(paths)
    del weights[f"module.{used}"]
    _save(tmp_path, f"mine_{role}.pth", weights)
    with pytest.raises(UserError, match=rf"mine_{role}\.pth: {used} is missing"):
        load_published(paths)


def test_other_shapes_and_other_networks_are_refused(tmp_path):
    weights = _small_weights() | {"module.fpn_global.latlayer2.weight": torch.zeros(256, 512, 3, 3)}
    path = _save(tmp_path, "a.pth", weights)
    with pytest.raises(UserError, match=r"a\.pth: fpn_global\.latlayer2\.weight has the shape"):
        load_published([path])
    path = _save(tmp_path, "b.pth", {"conv1.weight": torch.zeros(64, 3, 7, 7)})
    with pytest.raises(UserError, match=r"b\.pth: .* is missing, so it is no global file"):
        load_published([path])
    for data in ({"epoch": 3}, [torch.zeros(1)], torch.zeros(1), {1: torch.zeros(1)}):
        path = _save(tmp_path, "c.pth", data)
        with pytest.raises(UserError, match=r"c\.pth: is no state dict"):
            load_published([path])


class _Code:
    def __reduce__(self):
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("how", ["pickle", "zip", "legacy"])
def test_code_in_a_file_is_refused_and_does_not_run(how, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil.pth"
    if how == "pickle":
        path.write_bytes(pickle.dumps(_Code()))
    else:
        torch.save({"a": _Code()}, path, _use_new_zipfile_serialization=how == "zip")
    with pytest.raises(UserError, match=r"evil\.pth: holds something else than plain weights"):
        load_published([path])
    assert not (tmp_path / "ran").exists()


def test_damaged_files_are_refused(files, tmp_path):
    whole = files[0].read_bytes()
    legacy = tmp_path / "legacy.pth"
    torch.save(_small_weights(), legacy, _use_new_zipfile_serialization=False)
    assert load_published([legacy]).mode == 1
    old = legacy.read_bytes()
    damaged = (b"", b"hello world\n", b"\xf2\xa2", b"<!DOCTYPE html>", bytes(999), whole[:5000])
    for data in (*damaged, old[:30], old[:5000], old[:-3]):
        path = tmp_path / "x.pth"
        path.write_bytes(data)
        with pytest.raises(UserError, match=r"x\.pth: (is damaged|holds something|cannot be read)"):
            load_published([path])


def test_files_that_are_not_there(tmp_path, files):
    with pytest.raises(UserError, match=r"none\.pth: there is no such file"):
        load_published([tmp_path / "none.pth"])
    with pytest.raises(UserError, match="cannot be read"):
        load_published([tmp_path])
    with pytest.raises(UserError, match="0 files"):
        load_published([])
    with pytest.raises(UserError, match="second global file"):
        load_published([files[0], _save(tmp_path, "my_global.pth", {})])
    with pytest.raises(ValueError, match="not 4"):
        load_published(files, mode=4)
