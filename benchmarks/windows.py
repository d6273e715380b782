"""Whether the prediction depends on the window, and what a window costs.

    python benchmarks/windows.py [MODEL]

A made scene of at least 3 x 3 frames, of odd size and at a scale that is no simple fraction, is
segmented whole, then by twelve random overlapping windows in random order. Every stored map must be
identical, and each window alone must encode the patches that it depends on and no others.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from napari_uhrnet import load_model
from napari_uhrnet.engine.open import open_prediction_store
from napari_uhrnet.engine.passes.blending import plane_names
from napari_uhrnet.engine.passes.state import EngineState
from napari_uhrnet.engine.planning.layout import SceneLayout
from napari_uhrnet.engine.planning.work import Work
from napari_uhrnet.engine.run import run
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.registry import DEFAULT_MODEL
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.scene.made.compose import make_scene

PIXEL_SIZE_M = 1.37


def main() -> None:
    """Segment, compare, count, print."""
    model = load_model(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_MODEL)
    trained_m = model.card.pixel_size_m
    frames_px = int(2.55 * model.network.frame_px * trained_m / PIXEL_SIZE_M) | 1
    made = make_scene(7, frames_px, PIXEL_SIZE_M)
    scene = array_scene([made.image[: frames_px - 10]], "made", pixel_size_m=PIXEL_SIZE_M)
    layout = SceneLayout.build(scene.shape_yx, scene.pixel_size_m, model)
    print(
        f"{scene.shape_yx} px, scale {layout.inference.scale:.4f}, "
        f"{layout.frames.rows} x {layout.frames.columns} frames, {len(layout.patches)} patches"
    )
    with tempfile.TemporaryDirectory() as folder:
        compare(scene, layout, model, Path(folder))


def compare(scene, layout, model, folder: Path) -> None:
    """The whole scene against twelve windows."""
    whole_s, whole = segment(scene, layout, model, folder / "whole", None)
    rng = np.random.default_rng(0)
    state = EngineState(scene, layout, model)
    shared = open_prediction_store(scene, state, model, folder / "shared")
    for _ in range(12):
        window = random_window(rng, scene.shape_yx)
        for _ in run(Work(window), state, shared):
            pass
        place = layout.inference.from_level0(window)
        for plane, values in whole.items():
            assert np.array_equal(shared.read(plane, place), values[place.slices]), (window, plane)
        count_alone(scene, layout, model, window, folder)
    print(f"12 windows in random order: all {len(whole)} maps identical to the whole scene's")
    print(f"patches encoded in all: {state.counts['encoded']} of {len(layout.patches)}")
    print(f"the whole scene: {whole_s:.1f} s, {whole_s / len(layout.patches):.3f} s a patch")


def segment(scene, layout, model, folder: Path, window):
    """Seconds, and all maps of the inference grid."""
    state = EngineState(scene, layout, model)
    started = time.perf_counter()
    with open_prediction_store(scene, state, model, folder) as store:
        for _ in run(Work(window or Window.of_shape(scene.shape_yx)), state, store):
            pass
        seconds = time.perf_counter() - started
        grid = Window.of_shape(layout.inference.shape_yx)
        return seconds, {p: store.read(p, grid) for p in plane_names(model.branches)}


def count_alone(scene, layout, model, window: Window, folder: Path) -> None:
    """A window on its own encodes what it depends on: by brute force over all patches."""
    near, grid = layout.inference.from_level0(window), layout.patches
    seen = [c for c in grid.cells() if grid.window(c).intersect(near)]
    around = {n for c in seen for n in (c, *grid.neighbours(c))}
    if len(around) > 60:
        return  # takes long, and shows no more than the smaller ones
    state = EngineState(scene, layout, model)
    name = f"{window.y}-{window.x}-{window.height}-{window.width}"
    with open_prediction_store(scene, state, model, folder / name) as store:
        for _ in run(Work(window), state, store):
            pass
    needed = len(around) if model.network.needs_neighbours else len(seen)
    print(f"window {name}: {state.counts['encoded']} patches encoded, {needed} needed")
    assert (state.counts["encoded"], state.counts["decoded"]) == (needed, len(seen))


def random_window(rng: np.random.Generator, shape_yx: tuple[int, int]) -> Window:
    """A window of a tenth to half of the scene's sides."""
    height, width = (int(rng.integers(n // 10, n // 2)) for n in shape_yx)
    y, x = int(rng.integers(shape_yx[0] - height)), int(rng.integers(shape_yx[1] - width))
    return Window(y, x, height, width)


if __name__ == "__main__":
    main()
