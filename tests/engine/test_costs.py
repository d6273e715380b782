"""The costs in the registry."""

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from napari_uhrnet.engine.segment import segment
from napari_uhrnet.models.build import build_network
from napari_uhrnet.models.registry import find_entry, list_models, load_model
from napari_uhrnet.scene.array import array_scene


def test_every_network_says_what_it_costs():
    for entry in list_models():
        weights = 4 * entry.parameters
        assert entry.cost.macs > 1e9, entry.name
        assert weights < entry.cost.memory_bytes < weights + 8e9, entry.name


def test_the_numbers_of_weights_are_those_of_the_networks():
    for entry in list_models():
        with torch.device("meta"):
            network = build_network(entry.config)
        assert entry.parameters == sum(p.numel() for p in network.parameters()), entry.name


def test_uhrnet_of_the_papers_size_costs_less_than_half_of_glnet():
    ours, theirs = (find_entry(n).cost.macs for n in ("uhrnet-r50", "glnet-into-patches"))
    assert ours < 0.5 * theirs


def test_the_light_network_has_as_many_macs_as_its_entry(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (2448, 2448, 3), dtype=np.uint8)
    scene = array_scene([image], "noise", pixel_size_m=0.5)
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        segment(scene, load_model("uhrnet-light", "cpu"), store_root=tmp_path)
    listed = find_entry("uhrnet-light").cost.macs
    assert abs(counter.get_total_flops() / 2 / listed - 1) < 0.01
