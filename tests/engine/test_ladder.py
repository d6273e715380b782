"""The out-of-memory ladder, with a device that pretends to be small."""

from contextlib import nullcontext
from copy import deepcopy
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from napari_uhrnet.engine.passes import steps
from napari_uhrnet.geometry.window import Window
from tests.engine.scenes import Bench, made_scene
from tests.models.tiny import TINY, tiny_model
from tests.training.made import network_of


class SmallDevice:
    """Lets a network fail as a GPU does when a batch has too many patches."""

    def __init__(self, network, most_patches):
        self.network, self.most = network, most_patches
        self.batches = []

    def __getattr__(self, name):
        return getattr(self.network, name)

    def encode_patches(self, patches, views):
        self.batches.append(len(patches))
        if len(patches) > self.most:
            raise torch.OutOfMemoryError("fake: out of memory")
        return self.network.encode_patches(patches, views)


def _model(most_patches):
    model = tiny_model()
    return replace(model, network=SmallDevice(model.network, most_patches))


def test_batches_are_halved_until_they_fit_and_stay_so(tmp_path):
    scene = made_scene(300, 310)
    expected = Bench(scene, tmp_path / "a").all_of()
    bench = Bench(scene, tmp_path / "b", model=_model(3), batch_size=8)
    steps = list(bench.run())
    assert bench.state.batch_size == 2
    batches = bench.model.network.batches
    assert batches[:3] == [8, 4, 2] and set(batches[2:]) == {2}
    messages = [s.message for s in steps if s.message]
    assert len(messages) == 1 and "continuing with 2 at once" in messages[0]
    same = np.mean(bench.maps()["fused/labels"] == expected["fused/labels"])
    assert same >= 0.9999


def test_the_last_step_is_the_cpu_and_without_it_the_error_surfaces(tmp_path):
    scene = made_scene(100, 100)
    bench = Bench(scene, tmp_path, model=_model(0), batch_size=2)
    with pytest.raises(torch.OutOfMemoryError):
        bench.all_of()
    assert bench.state.batch_size == 1


def test_a_device_that_cannot_hold_one_patch_gives_way_to_the_cpu(tmp_path):
    scene = made_scene(100, 100)
    bench = Bench(scene, tmp_path, model=tiny_model(), batch_size=1)
    bench.state.device = torch.device("meta")
    try:
        raise torch.OutOfMemoryError("fake")
    except torch.OutOfMemoryError:
        bench.state.step_down()
    assert bench.state.device.type == "cpu"
    assert "continuing on the CPU" in bench.state.notes[-1]
    shared, own = bench.model.network, bench.state.network
    assert own is not shared
    for mine, theirs in zip(own.state_dict().values(), shared.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs) and mine.data_ptr() != theirs.data_ptr()
    assert set(np.unique(bench.all_of()["fused/labels"])) <= {1, 4, 5}


def _away(value):
    """The same on a device that cannot be read any more: tensors without values."""
    tensors = {f.name: getattr(value, f.name) for f in fields(value)}
    away = {name: t.to("meta") for name, t in tensors.items() if isinstance(t, torch.Tensor)}
    return replace(value, **away)


@pytest.mark.parametrize(
    ("changes", "used"),
    [
        ({}, {"encoded", "descriptors", "frames"}),
        ({"readout": "into_frame"}, {"encoded", "descriptors", "frames", "merged"}),
    ],
)
def test_nothing_that_was_computed_on_a_device_is_used_once_it_is_given_up(tmp_path, changes, used):
    scene, model = made_scene(251, 307), tiny_model(config=TINY.model_copy(update=changes))
    expected = Bench(scene, tmp_path / "a", model=model).all_of()
    bench = Bench(scene, tmp_path / "b", model=model)
    bench.all_of(Window(0, 0, 120, 120))
    state = bench.state
    for name in used:
        cache = getattr(state, name)
        assert len(cache), name
        for key in list(cache._items):
            cache.put(key, _away(cache.get(key)))
    state.device = torch.device("meta")
    try:
        raise torch.OutOfMemoryError("fake")
    except torch.OutOfMemoryError:
        state.step_down()
    assert state.device.type == "cpu"
    for plane, values in bench.all_of().items():
        np.testing.assert_array_equal(values, expected[plane], err_msg=plane)


STEPS = ("encode_frame", "encode_patches", "fuse_neighbours", "decode_patches")


class FullDevice:
    """A network on a device that runs out of memory once, in a step, and computes no values.

    Its tensors are on "meta", which mixes with the CPU's as little as a GPU's do.
    """

    def __init__(self, network, step, calls):
        self.network, self.away = network, deepcopy(network).to("meta")
        self.step, self.calls = step, calls

        self.parameters, self.buffers = network.parameters, network.buffers

    def __deepcopy__(self, memo):
        return deepcopy(self.network, memo)

    def __getattr__(self, name):
        value = getattr(self.away, name)
        if name != self.step:
            return value
        self.calls -= 1
        if self.calls < 0:
            raise torch.OutOfMemoryError("fake: out of memory")
        return value


@pytest.mark.parametrize(
    ("kind", "step", "calls"),
    [
        *(("uhrnet", step, 0) for step in STEPS),
        *(("into-frame", step, 0) for step in STEPS),
        ("uhrnet", "encode_patches", 2),
        ("into-frame", "encode_patches", 6),  # some patches are merged into the frame already
    ],
)
def test_the_cpu_takes_over_in_the_middle_of_any_step(tmp_path, monkeypatch, kind, step, calls):
    monkeypatch.setattr(steps, "_autocast", lambda device: nullcontext())
    scene, network = made_scene(200, 230), network_of(kind).requires_grad_(False)
    expected = Bench(scene, tmp_path / "a", model=replace(tiny_model(), network=network)).all_of()
    full = FullDevice(network, step, calls)
    bench = Bench(scene, tmp_path / "b", model=replace(tiny_model(), network=full), batch_size=1)
    bench.state.device = torch.device("meta")
    bench.all_of(Window(0, 0, 30, 30))  # a corner: its frame has patches that are not near
    assert bench.state.device.type == "cpu"
    for plane, values in bench.all_of().items():
        np.testing.assert_array_equal(values, expected[plane], err_msg=plane)
