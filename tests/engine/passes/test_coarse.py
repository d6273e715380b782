"""The coarse prediction of the global branch."""

import numpy as np

from napari_uhrnet.engine.passes.coarse import COARSE_PX, coarse_grid, run_coarse
from napari_uhrnet.engine.planning.work import Work
from napari_uhrnet.geometry.window import Window
from tests.engine.scenes import Bench, made_scene


def test_tiles_cover_the_view_and_agree_with_the_global_branch(tmp_path):
    bench = Bench(made_scene(500, 560), tmp_path)
    whole = Window.of_shape(bench.scene.shape_yx)
    grid = coarse_grid(bench.layout)
    coarse = np.full(grid.shape_yx, 255, np.uint8)
    tiles = list(run_coarse(Work(whole), bench.state))
    for tile in tiles:
        coarse[tile.window.slices] = tile.labels
    assert tiles[-1].frames_done == tiles[-1].frames_total == len(bench.layout.frames)
    assert (coarse != 255).all()
    assert bench.state.seconds_per_patch > 0
    fine = bench.all_of()["global/labels"]
    rows, columns = (
        ((np.arange(n) + 0.5) * m / n).astype(int)
        for n, m in zip(grid.shape_yx, fine.shape, strict=True)
    )
    assert COARSE_PX == 16
    assert (coarse == fine[np.ix_(rows, columns)]).mean() > 0.8


def test_only_frames_under_the_view_are_looked_at(tmp_path):
    bench = Bench(made_scene(500, 560), tmp_path)
    view = Window(0, 0, 60, 60)
    tiles = list(run_coarse(Work(view), bench.state))
    near = bench.layout.inference.from_level0(view)
    assert len(tiles) == len(bench.layout.frames.cells_touching(near)) < len(bench.layout.frames)


def test_empty_view_has_nothing_to_say(tmp_path):
    bench = Bench(made_scene(100, 100), tmp_path)
    assert list(run_coarse(Work(Window(0, 0, 0, 0)), bench.state)) == []
