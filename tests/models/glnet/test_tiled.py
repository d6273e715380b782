"""The tiled engine gives GLNet's published prediction where a scene is one frame."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.base.config import GLNetConfig
from napari_uhrnet.models.glnet.tiled import TiledGLNet
from napari_uhrnet.models.registry import card_of, load_model
from napari_uhrnet.scene.array import array_scene
from tests.engine.scenes import Bench
from tests.models.glnet_made import DATA, SHAPES, made_network, made_picture
from tests.models.tiny import tiny_model

SEVEN = ClassTable("seven", tuple(LabelClass(k, f"c{k}", (k, k, k)) for k in range(7)))


@pytest.fixture(scope="module")
def golden():
    with np.load(DATA / "glnet_604.npz") as file:
        return dict(file)


def _model(config, seed):
    network = TiledGLNet(config)
    network.network.load_state_dict(made_network(seed).state_dict())
    if config.mode == 3:
        network.frozen_global.load_state_dict(made_network(seed + 1).state_dict())
    network = network.eval().requires_grad_(False)
    base = tiny_model()
    card = base.card.model_copy(update={"class_table": SEVEN.to_dict()})
    return replace(base, network=network, card=card)


@pytest.mark.parametrize("mode", [1, 2, 3])
def test_one_frame_is_the_golden_prediction(mode, golden, tmp_path):
    h, w, seed = (int(golden[k]) for k in ("h", "w", "seed"))
    scene = array_scene([made_picture(h, w, seed)], "golden", pixel_size_m=2.0)
    config = GLNetConfig(mode=mode, size_px=int(golden["size"]), frame_px=1000)
    maps = Bench(scene, tmp_path, model=_model(config, seed)).all_of()
    for branch in ("global",) if mode == 1 else ("global", "local", "fused"):
        same = maps[f"{branch}/labels"] == golden[f"mode{mode}_{branch}_labels"]
        assert same.mean() >= 0.999, branch


@pytest.mark.parametrize("mode", [2, 3])
def test_windows_of_many_frames_are_that_part_of_the_whole(mode, tmp_path):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (250, 258, 3), dtype=np.uint8)
    scene = array_scene([image], "noise", pixel_size_m=2.0)
    config = GLNetConfig(mode=mode, size_px=100, frame_px=180)
    torch.manual_seed(0)
    model = _model(config, 3)
    whole = Bench(scene, tmp_path / "a", model=model)
    assert len(whole.layout.frames) == 4
    expected = whole.all_of()
    bench = Bench(scene, tmp_path / "b", model=model)
    for window in (Window(160, 170, 60, 60), Window(20, 60, 90, 100)):
        for _ in bench.run(window):
            pass
        place = bench.layout.inference.from_level0(window)
        for plane, values in expected.items():
            np.testing.assert_array_equal(bench.store.read(plane, place), values[place.slices])


def test_a_folder_of_published_files_is_a_model(tmp_path):
    for k, role in enumerate(("global", "global2local", "local2global")):
        # Every tensor repeats one number, so that the files are small.
        weights = {key: torch.tensor(k / 8).expand(shape) for key, shape in SHAPES.items()}
        torch.save(weights, tmp_path / f"fpn_deepglobe_{role}.pth")
    model = load_model(tmp_path, "cpu")
    assert model.network.config.mode == 3 and model.branches == ("fused", "global", "local")
    assert model.network.network.fpn_local.toplayer.bias[0] == 2 / 8
    assert model.network.frozen_global.fpn_global.toplayer.bias[0] == 0
    assert model.classes.names[0] == "unknown" and len(model.hash) == 16
    assert "non-commercial" in model.card.terms and card_of(tmp_path) == model.card
    one = load_model(tmp_path / "fpn_deepglobe_global2local.pth", "cpu")
    assert one.network.config.mode == 2 and one.hash != model.hash
    assert one.network.network.ensemble_conv.weight[0, 0, 0, 0] == 1 / 8
