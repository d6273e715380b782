"""Checkpoints: a round trip, and a sentence for everything that is none."""

import hashlib
import json

import pytest
import torch
from safetensors.torch import save

from napari_uhrnet.errors import UserError
from napari_uhrnet.models.base.checkpoint import card_path, read_card, read_weights, save_checkpoint
from napari_uhrnet.models.registry import (
    DEFAULT_MODEL,
    card_of,
    choose_device,
    find_checkpoint,
    identity,
    list_models,
    load_model,
)
from tests.models.tiny import TINY, tiny_card, tiny_network


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, tiny_network().state_dict(), tiny_card())
    return path


def test_round_trip_gives_the_weights_in_half_precision(checkpoint):
    model = load_model(checkpoint, "cpu")
    ours = model.network.state_dict()
    for key, value in tiny_network().state_dict().items():
        expected = value.half().float() if value.is_floating_point() else value
        assert torch.equal(ours[key], expected), key
    assert model.card.sha256 and model.hash == identity(model.card)
    assert len(model.hash) == 16
    assert model.classes == tiny_card().classes
    assert not any(p.requires_grad for p in model.network.parameters())


def test_another_checkpoint_has_another_hash(checkpoint, tmp_path):
    other = tmp_path / "other.safetensors"
    save_checkpoint(other, tiny_network(seed=1).state_dict(), tiny_card())
    assert load_model(other, "cpu").hash != load_model(checkpoint, "cpu").hash


def test_the_same_weights_put_together_otherwise_have_another_hash(checkpoint, tmp_path):
    """Their predictions differ: what is stored of one must not be taken for the other's."""
    other = tmp_path / "other.safetensors"
    config = TINY.model_copy(update={"local_fusion_statistics": False})
    save_checkpoint(other, tiny_network().state_dict(), tiny_card(config))
    one, two = load_model(checkpoint, "cpu"), load_model(other, "cpu")
    assert one.card.sha256 == two.card.sha256
    assert one.hash != two.hash


def test_damaged_weights_are_refused(checkpoint):
    data = bytearray(checkpoint.read_bytes())
    data[-1] ^= 1
    checkpoint.write_bytes(data)
    with pytest.raises(UserError, match="not the file that its card describes"):
        load_model(checkpoint)


def test_weights_that_do_not_fit_are_refused(checkpoint):
    weights = read_weights(checkpoint, read_card(checkpoint))
    weights["stray"] = weights.pop("fused_head.bias")
    save_checkpoint(checkpoint, weights, tiny_card())
    with pytest.raises(UserError, match="do not fit their card"):
        load_model(checkpoint)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 99}, "newer release"),
        ({"pixel_size_m": -1}, "pixel_size_m"),
        ({"surprise": 1}, "surprise"),
        ({"class_table": {"name": "x", "classes": []}}, "ids must be unique"),
    ],
)
def test_a_wrong_card_is_refused_with_the_reason(checkpoint, change, sentence):
    path = card_path(checkpoint)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError, match=sentence):
        load_model(checkpoint)


def test_a_class_table_of_another_length_is_refused(checkpoint):
    path = card_path(checkpoint)
    card = json.loads(path.read_text())
    card["class_table"]["classes"].pop()
    path.write_text(json.dumps(card))
    with pytest.raises(UserError, match="does not have 3 classes"):
        load_model(checkpoint)


def test_files_that_are_no_checkpoints_are_refused(tmp_path, checkpoint):
    with pytest.raises(UserError, match="neither a checkpoint file nor the name of a model"):
        load_model(tmp_path / "nowhere.safetensors")
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    with pytest.raises(UserError, match=r"is a \.safetensors file"):
        load_model(text)
    card_path(checkpoint).unlink()
    with pytest.raises(UserError, match=r"card tiny\.json is missing"):
        load_model(checkpoint)
    card_path(checkpoint).write_text("not json")
    with pytest.raises(UserError, match="is no card"):
        load_model(checkpoint)


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    import napari_uhrnet.models.base.checkpoint as module

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "replace", full)
    with pytest.raises(UserError, match="No space left"):
        save_checkpoint(tmp_path / "x.safetensors", tiny_network().state_dict(), tiny_card())
    assert list(tmp_path.iterdir()) == []


def test_the_default_model_is_shipped_and_loads():
    entry = next(e for e in list_models() if e.name == DEFAULT_MODEL)
    assert entry.shipped
    model = load_model(device="cpu")
    assert model.card.metrics, "a shipped checkpoint says what it scores"
    assert "non-commercial" in model.card.terms
    assert entry.parameters == sum(p.numel() for p in model.network.parameters())
    assert entry.path.stat().st_size < 20e6


def test_a_model_without_weights_is_listed_but_refused():
    entry = next(e for e in list_models() if not e.shipped)
    with pytest.raises(UserError, match="no weights: load or train"):
        find_checkpoint(entry.name)


@pytest.mark.parametrize(("name", "family"), [("uhrnet-light", "UHRNet"), ("glnet-light", "GLNet")])
def test_a_card_says_what_people_call_its_network(name, family):
    card = card_of(name)
    assert card.family == family
    other = card.model_copy(update={"architecture": "baseline", "name": "unet"})
    assert other.family == "unet"


def test_devices():
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(UserError, match="unknown"):
        choose_device("abacus")
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match="not available"):
            choose_device("cuda")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e6])
def test_weights_that_are_not_finite_are_refused_when_written(tmp_path, bad):
    weights = tiny_network().state_dict()
    name = next(k for k, v in weights.items() if v.is_floating_point() and v.numel() > 1)
    weights[name].view(-1)[1] = bad
    with pytest.raises(UserError, match=rf"x\.safetensors: the weights {name} are not finite"):
        save_checkpoint(tmp_path / "x.safetensors", weights, tiny_card())
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_not_finite_are_refused_when_read(checkpoint):
    weights = read_weights(checkpoint, read_card(checkpoint))
    name = next(k for k, v in weights.items() if v.is_floating_point())
    weights[name].view(-1)[0] = float("inf")
    data = save(weights)
    checkpoint.write_bytes(data)
    card = json.loads(card_path(checkpoint).read_text())
    card["sha256"] = hashlib.sha256(data).hexdigest()
    card_path(checkpoint).write_text(json.dumps(card))
    with pytest.raises(UserError, match="are not finite"):
        load_model(checkpoint)


@pytest.mark.parametrize(
    "change",
    [
        {"backbone": "nope"},
        {"backbone": "../x"},
        {"backbone": "hf-hub:somebody/something"},
        {"backbone": "local-dir:/tmp"},
        {"feature_channels": 10**9},
        {"feature_channels": 10**30},
        {"feature_channels": 4096},
        {"frame_px": 2**40},
        {"classes": 300},
        {"size_multiple": 0},
        {"unknown": 1},
    ],
)
def test_a_card_that_describes_no_network_of_use_is_refused(checkpoint, change):
    path = card_path(checkpoint)
    card = json.loads(path.read_text())
    card["config"] |= change
    path.write_text(json.dumps(card))
    with pytest.raises(UserError, match="tiny"):
        load_model(checkpoint)


@pytest.mark.parametrize(
    "size",
    [{"nope": "x"}, {"width": "x"}, {"width": 10**9}, {"encoder": "../x"}, {"width": 1.5}],
)
def test_a_baseline_of_a_size_that_cannot_be_built_is_refused(checkpoint, size):
    path = card_path(checkpoint)
    card = json.loads(path.read_text())
    config = {"baseline": "unet", "regime": "patches", "size": size, "classes": 3}
    path.write_text(json.dumps(card | {"architecture": "baseline", "config": config}))
    with pytest.raises(UserError, match="tiny"):
        load_model(checkpoint)


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000,
        b"\xff",
        b"[]",
        b"{}",
        b'{"format": "x"}',
        b'{"format": NaN}',
        b'{"name": "a", "name": "b"}',
    ],
)
def test_what_is_no_card_is_refused_by_its_name(checkpoint, text):
    card_path(checkpoint).write_bytes(text)
    with pytest.raises(UserError, match=r"tiny\.json: "):
        load_model(checkpoint)


@pytest.mark.parametrize(
    "table",
    [
        {"name": "x", "classes": ["a", "b", "c"]},
        {"name": "x", "classes": [{"id": 0.5, "name": "a", "rgb": [0, 0, 0]}]},
        {"name": "x", "classes": [{"id": True, "name": "a", "rgb": [0, 0, 0]}]},
        {"name": "x", "classes": [{"id": 0, "name": 5, "rgb": [0, 0, 0]}]},
        {"name": "x", "classes": [{"id": 0, "name": "a", "rgb": [0, 0]}]},
        {"name": "x", "classes": 3},
        {},
    ],
)
def test_a_card_with_a_damaged_class_table_is_refused_by_its_name(checkpoint, table):
    path = card_path(checkpoint)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"class_table": table}))
    with pytest.raises(UserError, match=r"tiny\.json: .*class table"):
        load_model(checkpoint)
