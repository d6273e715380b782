"""What fine-tuning on ten corrected windows gives: ``python THIS RGB LABELS WORK``.

RGB and LABELS are a scene of the DroneDeploy benchmark at 0.1 m per pixel (label 255: not
labelled). Ten windows of 512 px, spread out over the left of the scene, are corrected from the
labels through the calls that the window makes; the columns from 2 700 px on are the test part, with
a gap. Then ``napari-uhrnet finetune`` runs as a person would start it, with all of the network and
with its heads alone, for each seed. Prints mIoU over the classes of the test part, beside that of
predicting the most frequent class of the ten windows everywhere. Runs in WORK are resumed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene

PIXEL_SIZE_M = 0.1
SIZE_PX, COUNT, GAP_PX, TEST_FROM_PX = 512, 10, 200, 2700
LEAST_LABELLED = 0.9
CLASSES = (
    ("building", (230, 25, 75)),
    ("clutter", (145, 30, 180)),
    ("vegetation", (60, 180, 75)),
    ("water", (0, 130, 200)),
    ("ground", (255, 255, 255)),
    ("car", (255, 225, 25)),
)


def class_table():
    """The classes of the scene; ids are those of its labels."""
    from napari_uhrnet.geometry.classes import ClassTable, LabelClass

    return ClassTable("dronedeploy", tuple(LabelClass(k, *c) for k, c in enumerate(CLASSES)))


def spread_out(labelled: np.ndarray) -> list[Window]:
    """Windows that are labelled nearly everywhere, each as far from the others as can be."""
    from napari_uhrnet.geometry.window import Window

    right = TEST_FROM_PX - GAP_PX - SIZE_PX
    places = [
        Window(y, x, SIZE_PX, SIZE_PX)
        for y in range(0, labelled.shape[0] - SIZE_PX + 1, 64)
        for x in range(0, right + 1, 64)
    ]
    places = [w for w in places if labelled[w.slices].mean() >= LEAST_LABELLED]
    chosen = [places[0]]
    while len(chosen) < COUNT:
        chosen.append(max(places, key=lambda w: min(_distance(w, c) for c in chosen)))
    assert min(_distance(a, b) for a in chosen for b in chosen if a != b) >= SIZE_PX, "they overlap"
    return sorted(chosen, key=lambda w: (w.y, w.x))


def _distance(a: Window, b: Window) -> int:
    return max(abs(a.y - b.y), abs(a.x - b.x))


def correct(scene: Scene, labels: np.ndarray, windows: list[Window], project: Path) -> None:
    """Paint the windows and mark them reviewed, as the correct panel does."""
    from napari_uhrnet.geometry.polygon import Polygon
    from napari_uhrnet.session.correct.open_corrections import OpenCorrections
    from napari_uhrnet.session.correct.region_edits import mark_region_reviewed

    opened = OpenCorrections(scene, project, class_table())
    for window in windows:
        editable = opened.corrections.check_out(window)
        painted = editable.labels.copy()
        painted[window.relative_to(editable.window).slices] = labels[window.slices]
        opened.corrections.commit(painted)
        corners = [
            (window.y, window.x),
            (window.y, window.right),
            (window.bottom, window.right),
            (window.bottom, window.x),
        ]
        mark_region_reviewed(opened.corrections, Polygon(np.array(corners, float)), "by script")
    opened.close()


def run(project: Path, folder: Path, seed: int, steps: int, heads_only: bool) -> Path:
    """Fine-tune in a separate process; returns the checkpoint."""
    checkpoint = folder / "finetuned.safetensors"
    if not checkpoint.exists():
        command = [sys.executable, "-m", "napari_uhrnet.cli.app", "finetune", str(project)]
        command += ["--out", str(folder), "--seed", str(seed), "--steps", str(steps)]
        command += ["--held-out", "0"] + ["--heads-only"] * heads_only
        command += ["--resume"] * (folder / "config.json").exists()
        subprocess.run(command, check=True)
    return checkpoint


def test_scores(scene: Scene, labels: np.ndarray, checkpoint: Path) -> dict[str, float]:
    """Of the test part: mIoU over the classes that are there, accuracy, and IoU of each."""
    from napari_uhrnet.engine.segment import segment
    from napari_uhrnet.models.registry import load_model

    window = (0, TEST_FROM_PX, scene.shape_yx[0], scene.shape_yx[1] - TEST_FROM_PX)
    prediction = segment(scene, load_model(checkpoint), window=window)
    return scores(labels[:, TEST_FROM_PX:], prediction)


def scores(truth: np.ndarray, prediction: np.ndarray) -> dict[str, float]:
    """Over labelled pixels, by plain counting."""
    known = truth != 255
    iou = {}
    for k, (name, _) in enumerate(CLASSES):
        there, predicted = (truth == k) & known, (prediction == k) & known
        if there.any():
            iou[name] = float((there & predicted).sum() / (there | predicted).sum())
    accuracy = float((truth[known] == prediction[known]).mean())
    return {"miou": float(np.mean(list(iou.values()))), "accuracy": accuracy, **iou}


def main() -> None:
    """Correct, fine-tune, score."""
    from PIL import Image

    from napari_uhrnet.scene.open import open_scene

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rgb", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=150)
    options = parser.parse_args()
    labels = np.asarray(Image.open(options.labels))
    windows = spread_out(labels != 255)
    print("windows (y, x)", [(w.y, w.x) for w in windows])
    found: dict[str, list[dict[str, float]]] = {"all": [], "heads only": []}
    with open_scene(options.rgb, PIXEL_SIZE_M) as scene:
        project = options.work / "project"
        if not project.exists():
            correct(scene, labels, windows, project)
        learned = np.concatenate([labels[w.slices].ravel() for w in windows])
        most = np.uint8(np.bincount(learned[learned != 255]).argmax())
        test = labels[:, TEST_FROM_PX:]
        print("majority", CLASSES[most][0], scores(test, np.full_like(test, most)), flush=True)
        for seed in range(options.seeds):
            for name, rows in found.items():
                folder = options.work / f"{name.replace(' ', '-')}-{seed}"
                checkpoint = run(project, folder, seed, options.steps, name == "heads only")
                rows.append(test_scores(scene, labels, checkpoint))
                print(name, "seed", seed, json.dumps(rows[-1]), flush=True)
    for name, rows in found.items():
        values = [row["miou"] for row in rows]
        print(f"{name}: mIoU {np.mean(values):.3f} (seeds {', '.join(f'{v:.3f}' for v in values)})")


if __name__ == "__main__":
    main()
