"""How pixels without data change the prediction beside them.

    python benchmarks/no_data.py MODEL --data DATA --split SPLIT.json

Every scene of the split's val part is segmented three times: whole; with what lies outside of a
square turned by 15 degrees cut away, as at the ends of an orthophoto, and shown to the network as
black; and with the same cut away and mirrored (`engine.passes.reading.mirrored`). Scored is each
time what lies in the square, by ground area.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_uhrnet.datasets.masks import open_truth
from napari_uhrnet.engine.passes.steps import steps as passes
from napari_uhrnet.engine.segment import segmented
from napari_uhrnet.evaluation.scoring.val_set import val_pairs
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.metrics import Confusion
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.registry import load_model
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.scene.open import open_scene

BRANCHES = ("fused", "local", "global")
SIDE = 0.8
"""Of the turned square, of the scene's."""


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--split", required=True, type=Path)
    options = parser.parse_args()
    model = load_model(options.model)
    pairs, classes = val_pairs(options.data, options.split)
    mirrored = passes.mirrored
    ways = {"whole": (False, mirrored), "black": (True, _as_it_is), "mirrored": (True, mirrored)}
    for way, (is_cut, shown) in ways.items():
        passes.mirrored = shown
        found = {branch: Confusion() for branch in BRANCHES}
        for pair in pairs:
            with open_scene(pair.image, pair.pixel_size_m) as scene:
                pixels, _ = scene.read(Window.of_shape(scene.shape_yx), 0)
            with open_truth(pair.mask, classes) as opened:
                truth = opened.read(Window.of_shape(opened.shape_yx))
            inside = turned_square(*truth.shape)
            alpha = np.where(inside | (not is_cut), 255, 0).astype(np.uint8)
            visible = np.dstack([np.where(alpha[..., None], pixels, 0).astype(np.uint8), alpha])
            scene = array_scene([visible], pair.name, pair.pixel_size_m)
            kept = np.where(inside, truth, NOTHING).astype(np.uint8)
            with segmented(scene, model) as prediction:
                for branch, confusion in found.items():
                    labels = replace(prediction, branch=branch).read(prediction.window)
                    confusion.add(kept, labels, (pair.pixel_size_m or 1.0) ** 2)
        scores = {branch: confusion.scores(classes).miou for branch, confusion in found.items()}
        shown = ", ".join(f"{branch} {100 * miou:.1f}" for branch, miou in scores.items())
        print(f"{way}: {shown}", flush=True)


def turned_square(height: int, width: int) -> np.ndarray:
    """(h, w) bool: a rectangle in the middle, turned by 15 degrees."""
    y, x = np.indices((height, width)) - np.reshape([height / 2, width / 2], (2, 1, 1))
    turn = np.pi / 12
    across, down = (x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn))
    inside: np.ndarray = (abs(across) < SIDE * width / 2) & (abs(down) < SIDE * height / 2)
    return inside


def _as_it_is(pixels: np.ndarray, valid: np.ndarray) -> np.ndarray:
    return pixels


if __name__ == "__main__":
    main()
