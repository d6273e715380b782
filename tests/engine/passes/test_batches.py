"""Batches of a device are filled up: no prediction depends on how many patches there were."""

from dataclasses import replace

import numpy as np
import pytest

from napari_uhrnet.engine.passes.steps import decode_without
from napari_uhrnet.geometry.window import Window
from tests.engine.scenes import Bench, made_scene
from tests.models.tiny import tiny_model
from tests.training.made import network_of

BATCH = 8
KINDS = ("uhrnet", "into-frame", "global", "glnet2", "glnet3")


class Uneven:
    """What a network makes of a batch depends a little on its size, as on a GPU; notes the sizes.

    A size is noted with the name of the step and of what was given to it.
    """

    def __init__(self, network):
        self.network, self.sizes = network, set()

    def __getattr__(self, name):
        return getattr(self.network, name)

    def _note(self, step, **given):
        self.sizes |= {(step, name, len(v)) for name, v in given.items() if v is not None}

    def encode_patches(self, patches, views):
        self._note("encode", patches=patches, views=views)
        return self.network.encode_patches(patches + 9 * len(patches), views)

    def fuse_neighbours(self, features, s):
        self._note("fuse", features=features, mosaic=s.mosaic, present=s.present, rows=s.rows)
        return self.network.fuse_neighbours(features * (1 + len(features) / 9), s)

    def decode_patches(self, features, views):
        self._note("decode", features=features, views=views)
        size = len(views if features is None else features)
        logits = self.network.decode_patches(features, views)
        return {branch: values * (1 + size / 9) for branch, values in logits.items()}


def _bench(kind, scene, folder):
    model = replace(tiny_model(), network=Uneven(network_of(kind).requires_grad_(False)))
    return Bench(scene, folder, model=model, batch_size=BATCH)


@pytest.mark.parametrize("kind", KINDS)
def test_windows_give_the_whole_scenes_maps_though_their_batches_are_others(kind, tmp_path):
    scene = made_scene(251, 307)
    whole = _bench(kind, scene, tmp_path / "whole")
    assert len(whole.layout.patches) % BATCH  # the last batch is not full by itself
    expected = whole.all_of()
    bench = _bench(kind, scene, tmp_path / "windows")
    for window in (Window(240, 290, 11, 17), Window(0, 0, 80, 130)):
        for _ in bench.run(window):
            pass
        place = bench.layout.inference.from_level0(window)
        for plane, values in expected.items():
            np.testing.assert_array_equal(
                bench.store.read(plane, place), values[place.slices], err_msg=plane
            )
    network = bench.model.network
    assert {size for _, _, size in network.sizes} == {BATCH}
    needed = {"encode": network.needs_patches, "fuse": network.needs_neighbours, "decode": True}
    assert {step for step, _, _ in network.sizes} == {s for s, asked in needed.items() if asked}


def test_a_patch_without_some_neighbours_is_decoded_in_full_batches_too(tmp_path):
    bench = _bench("uhrnet", made_scene(251, 307), tmp_path)
    decode_without(bench.state, (1, 1), [frozenset({(0, 1)}), frozenset()])
    assert {size for _, _, size in bench.model.network.sizes} == {BATCH}
