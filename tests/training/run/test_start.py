"""Starts: classes of the same name keep their logits, and backbones are found or refused."""

import pytest
import timm
import torch
from safetensors.torch import save_file

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.models.base.checkpoint import save_checkpoint
from napari_uhrnet.models.base.config import GLNetConfig
from napari_uhrnet.models.build import build_network
from napari_uhrnet.models.registry import load_model
from napari_uhrnet.training.run import imagenet, setup, start
from tests.hidden import hide_extras
from tests.models.tiny import CLASSES, TINY, tiny_card, tiny_network
from tests.training.made import baseline, glnet

OTHER = ClassTable(
    "other",
    (
        LabelClass(0, "water", (0, 0, 255)),
        LabelClass(2, "ice", (255, 255, 255)),
        LabelClass(3, "field", (255, 255, 0)),
        LabelClass(7, "rock", (9, 9, 9)),
    ),
)


def test_classes_of_the_same_name_keep_their_logits():
    old = tiny_network()
    torch.manual_seed(5)
    new = build_network(TINY.model_copy(update={"classes": 4}))
    fresh = {k: v.clone() for k, v in new.state_dict().items()}
    assert start.warm_start(new, OTHER, old.state_dict(), CLASSES) == len(fresh)
    for name in ("fused_head.weight", "local_head.bias", "global_head.weight"):
        given, own = old.state_dict()[name], new.state_dict()[name]
        assert torch.equal(own[0], given[2]) and torch.equal(own[2], given[0])
        assert torch.equal(own[1], fresh[name][1]) and torch.equal(own[3], fresh[name][3])
    for name, value in new.state_dict().items():
        if "_head." not in name:
            assert torch.equal(value, old.state_dict()[name]), name


def test_a_renamed_class_keeps_the_logits_of_its_old_name():
    """A class whose own name the start knows is not taken for its alias."""
    renamed = ClassTable(
        "renamed",
        (
            LabelClass(1, "meadow", (1, 1, 1), aliases=("grass", "field")),
            LabelClass(2, "water", (2, 2, 2), aliases=("wood",)),
            LabelClass(3, "rock", (3, 3, 3), aliases=("stone",)),
        ),
    )
    old, new = tiny_network(), tiny_network(seed=6)
    fresh = new.fused_head.weight.clone()
    start.warm_start(new, renamed, old.state_dict(), CLASSES)
    assert torch.equal(new.fused_head.weight[:2], old.fused_head.weight[[0, 2]])
    assert torch.equal(new.fused_head.weight[2], fresh[2])


def test_a_table_of_the_same_length_in_another_order_is_put_in_order():
    """Eight classes, as many as features: only rows of logits may be moved."""
    names = [f"c{k}" for k in range(8)]
    tables = [
        ClassTable("t", tuple(LabelClass(k, n, (k, k, k)) for k, n in enumerate(order)))
        for order in (names, names[::-1])
    ]
    config = TINY.model_copy(update={"classes": 8})
    old, new = tiny_network(config=config), tiny_network(seed=3, config=config)
    start.warm_start(new, tables[1], old.state_dict(), tables[0])
    assert torch.equal(new.fused_head.weight, old.fused_head.weight.flip(0))
    assert torch.equal(
        new.local_branch.pyramid.lateral[0].weight, old.local_branch.pyramid.lateral[0].weight
    )


def test_layers_that_the_start_lacks_stay_new():
    old = tiny_network(config=TINY.model_copy(update={"local_fusion": False}))
    new = tiny_network(seed=4)
    before = {k: v.clone() for k, v in new.state_dict().items()}
    found = start.warm_start(new, CLASSES, old.state_dict(), CLASSES)
    assert found == len(old.state_dict()) < len(before)
    assert torch.equal(
        new.descriptor.state_dict()[next(iter(new.descriptor.state_dict()))],
        before["descriptor." + next(iter(new.descriptor.state_dict()))],
    )


@pytest.mark.parametrize("pair", [("nothing", "mean"), ("mean", "nothing"), ("mean", "local")])
def test_a_fusion_of_another_kind_begins_anew(pair):
    """The last layer of a fusion without `fusion_corrects` does not fit one with it."""
    made, wanted = (TINY.model_copy(update={"fusion_corrects": kind}) for kind in pair)
    weights = tiny_network(config=made).state_dict()
    left = start.of_use(weights, made, wanted)
    assert set(weights) - set(left) == {"fused_head.weight", "fused_head.bias"}
    assert start.of_use(weights, made, made) == weights


def test_training_from_the_other_kind_begins_the_fusion_anew(tmp_path):
    network = tiny_network()
    path = tmp_path / "old.safetensors"
    save_checkpoint(path, network.state_dict(), tiny_card())
    given = load_model(str(path))
    new = build_network(TINY.model_copy(update={"fusion_corrects": "local"}))
    said = []
    setup._start(new, CLASSES, given, said.append)
    assert not new.fused_head.weight.any()
    assert torch.equal(new.local_head.weight, given.network.local_head.weight)
    assert any(text.startswith("2 of ") for text in said)


def test_the_logits_of_every_kind_of_network_are_known():
    assert start._logit_layers(tiny_network()) == {
        f"{branch}_head.{kind}"
        for branch in ("fused", "global", "local")
        for kind in ("weight", "bias")
    }
    assert "network.ensemble_conv.weight" in start._logit_layers(glnet(2))
    assert start._logit_layers(baseline())


def test_backbones_are_changed_or_refused_with_a_sentence():
    assert start.with_backbone(TINY, "mobilenetv3_small_050").backbone == "mobilenetv3_small_050"
    assert start.with_backbone(TINY, None) is TINY
    with pytest.raises(UserError, match="no features_only network"):
        start.with_backbone(TINY, "no_such_net")
    with pytest.raises(UserError, match="strides"):
        start.with_backbone(TINY, "vit_tiny_patch16_224")
    with pytest.raises(UserError, match="baseline"):
        start.with_backbone(baseline().config, "resnet18")


def test_without_a_hub_backbones_start_from_chance_and_say_so(monkeypatch, tmp_path):
    monkeypatch.setattr(start, "HUB", ("127.0.0.1", 9))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    network, notes = tiny_network(), []
    before = {k: v.clone() for k, v in network.state_dict().items()}
    assert start.start_backbones(network, notes.append) == "random"
    assert len(notes) == 1 and "lcnet_035" in notes[0]
    assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())


def test_weights_that_were_fetched_before_need_no_hub(monkeypatch, tmp_path):
    """The folders of the hub's cache, made by hand; HF_HUB_CACHE is where the user wants it."""
    monkeypatch.setattr(start, "HUB", ("127.0.0.1", 9))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    name = "lcnet_050"
    torch.manual_seed(9)
    weights = timm.create_model(name).state_dict()
    folder = tmp_path / f"models--{timm.get_pretrained_cfg(name).hf_hub_id.replace('/', '--')}"
    for part in ("refs", "snapshots/abc"):
        (folder / part).mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    save_file(weights, folder / "snapshots" / "abc" / "model.safetensors")
    notes, network = [], build_network(TINY.model_copy(update={"backbone": name}))
    assert start.start_backbones(network, notes.append) == f"timm {name}, pretrained"
    assert not notes
    backbone = network.local_branch.backbone.state_dict()
    assert set(backbone) < set(weights)
    assert all(torch.equal(value, weights[k]) for k, value in backbone.items())


def test_a_cache_that_the_hub_itself_fills_is_read(monkeypatch, tmp_path):
    """Its own function is asked where the file is."""
    from huggingface_hub import try_to_load_from_cache

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--someone--net"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots" / "abc").mkdir(parents=True)
    assert start._fetched_before("someone/net") is None
    (folder / "snapshots" / "abc" / "model.safetensors").write_bytes(b"")
    found = try_to_load_from_cache("someone/net", "model.safetensors", cache_dir=tmp_path)
    assert str(start._fetched_before("someone/net")) == found


def test_without_the_extra_the_light_backbone_says_what_it_needs(monkeypatch):
    hide_extras(monkeypatch)
    with pytest.raises(UserError, match="ImageNet weights needs the extra train"):
        imagenet.lite0_weights()


def test_pretrained_weights_go_into_both_branches(monkeypatch):
    given = {
        k: torch.full_like(v, 3)
        for k, v in tiny_network().global_branch.backbone.state_dict().items()
    }
    monkeypatch.setattr(start, "_pretrained", lambda name: given)
    for network, parts in (
        (tiny_network(), ("global_branch.backbone", "local_branch.backbone")),
        (
            build_network(
                GLNetConfig(mode=2, backbone="lcnet_035", width=8, size_px=64, frame_px=160)
            ),
            ("network.resnet_global", "network.resnet_local"),
        ),
    ):
        start.start_backbones(network, [].append)
        for part in parts:
            assert all((v == 3).all() for v in network.get_submodule(part).state_dict().values())
    assert not (network.network.ensemble_conv.weight == 3).any()
