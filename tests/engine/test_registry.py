"""Every network of the registry segments, whatever its classes; random weights."""

import numpy as np
import pytest
import torch

from napari_uhrnet.engine.segment import segment
from napari_uhrnet.models.build import build_network
from napari_uhrnet.models.registry import LoadedModel, list_models
from napari_uhrnet.scene.array import array_scene
from tests.engine.scenes import picture
from tests.models.tiny import classes_of, tiny_card


@pytest.mark.parametrize("count", [3, 7])
@pytest.mark.parametrize("entry", list_models(), ids=lambda e: e.name)
def test_every_entry_segments_a_small_picture(entry, count):
    config = entry.config.model_copy(update={"classes": count})
    torch.manual_seed(0)
    network = build_network(config).eval().requires_grad_(False)
    table = classes_of(count)
    card = tiny_card(config).model_copy(update={"class_table": table.to_dict()})
    model = LoadedModel(entry.name, network, card, entry.name, torch.device("cpu"))
    scene = array_scene([picture(300, 500)], "made", pixel_size_m=card.pixel_size_m)
    labels = segment(scene, model)
    assert labels.shape == (300, 500)
    assert set(np.unique(labels)) <= set(table.ids)


def test_names_are_unique_and_two_are_shipped():
    names = [entry.name for entry in list_models()]
    assert len(names) == len(set(names)) >= 16 + 5
    assert [e.name for e in list_models() if e.shipped] == ["uhrnet-light", "glnet-light"]
