"""Every kind of network through the engine: what it depends on, and whole = windows."""

import numpy as np
import pytest

from napari_uhrnet.geometry.window import Window
from tests.engine.scenes import Bench, made_scene
from tests.models.tiny import TINY, tiny_model
from tests.models.uhrnet.test_ablations import ROWS


def _bench(row, scene, folder):
    return Bench(scene, folder, model=tiny_model(config=TINY.model_copy(update=ROWS[row][0])))


@pytest.mark.parametrize("row", ROWS)
def test_windows_in_any_order_give_the_whole_scenes_maps(row, tmp_path):
    scene = made_scene(431, 467)
    whole = _bench(row, scene, tmp_path / "whole")
    assert len(whole.layout.frames) >= 4
    expected = whole.all_of()
    bench = _bench(row, scene, tmp_path / "windows")
    for window in (
        Window(300, 310, 90, 120),
        Window(0, 0, 130, 140),
        Window(100, 80, 200, 300),
        Window(250, 0, 181, 220),
    ):
        for _ in bench.run(window):
            pass
        place = bench.layout.inference.from_level0(window)
        for plane, values in expected.items():
            np.testing.assert_array_equal(
                bench.store.read(plane, place), values[place.slices], err_msg=plane
            )


@pytest.mark.parametrize(
    ("row", "passes"),
    [
        ("local", {"encoded", "decoded"}),
        ("local+llf", {"encoded", "decoded"}),
        ("global", {"frames", "decoded"}),
        ("both", {"encoded", "frames", "decoded"}),
        ("both, into frame", {"encoded", "frames", "merged", "decoded"}),
    ],
)
def test_only_what_a_network_has_a_use_for_is_computed(row, passes, tmp_path):
    bench = _bench(row, made_scene(431, 467), tmp_path)
    bench.all_of(Window(5, 5, 40, 40))
    counts = bench.state.counts
    assert set(counts) == passes
    assert counts["decoded"] == 1
    if row in ("local", "both"):
        assert counts["encoded"] == 1  # no neighbours
    if row == "local+llf":
        assert counts["encoded"] == 4  # a corner patch and its three neighbours
    if row == "both, into frame":
        frame = bench.layout.frames.window(bench.layout.frame_of((0, 0)))
        grid = bench.layout.patches
        inside = [c for c in grid.cells() if frame.contains(grid.window(c))]
        assert counts["encoded"] == len(inside) > 4
