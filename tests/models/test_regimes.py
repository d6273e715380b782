"""The baselines in both regimes through the engine."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.base.config import BaselineConfig
from napari_uhrnet.models.baselines import BASELINES
from napari_uhrnet.models.regimes import RegimeBaseline
from tests.engine.scenes import Bench, made_scene
from tests.models.tiny import tiny_model
from tests.models.tiny_baselines import TINY


def _bench(name, regime, folder, scene):
    from dataclasses import replace

    config = BaselineConfig(
        baseline=name,
        regime=regime,
        size=TINY[name],
        frame_px=160,
        patch_px=64,
        min_overlap_px=16,
        frame_shrink=2,
        classes=3,
    )
    torch.manual_seed(0)
    network = RegimeBaseline(config).eval().requires_grad_(False)
    return Bench(scene, folder, model=replace(tiny_model(), network=network))


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize(("regime", "passes"), [("patches", "encoded"), ("downsampled", "frames")])
def test_a_window_is_that_part_of_the_whole(name, regime, passes, tmp_path):
    scene = made_scene(330, 290)
    whole = _bench(name, regime, tmp_path / "a", scene)
    expected = whole.all_of()
    assert set(whole.state.counts) == {passes, "decoded"}
    assert (expected["fused/labels"] != 255).all()
    bench = _bench(name, regime, tmp_path / "b", scene)
    for window in (Window(200, 150, 100, 90), Window(10, 30, 180, 150)):
        for _ in bench.run(window):
            pass
        place = bench.layout.inference.from_level0(window)
        for plane, values in expected.items():
            np.testing.assert_array_equal(bench.store.read(plane, place), values[place.slices])


def test_the_regimes_differ(tmp_path):
    scene = made_scene(330, 290)
    one, other = (
        _bench("unet", r, tmp_path / r, scene).all_of() for r in ("patches", "downsampled")
    )
    assert (one["fused/labels"] != other["fused/labels"]).any()


@pytest.mark.parametrize("wrong", [{"baseline": "lenet"}, {"regime": "whole"}, {"patch_px": 4000}])
def test_configs_that_make_no_network(wrong):
    with pytest.raises(ValidationError):
        BaselineConfig(**({"baseline": "unet", "regime": "patches"} | wrong))
