"""Pseudo-labels: predictions for scenes without ground truth, to train other networks on.

``python -m recipes.pseudo_labels --help``
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from napari_uhrnet.engine.passes.reading import read_inference
from napari_uhrnet.errors import exit_on_bad_input
from napari_uhrnet.evaluation.scoring.truth_pairs import Source
from napari_uhrnet.evaluation.scoring.tta import averaged
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.registry import load_model
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.store.files.disk import disk_errors, write_whole
from recipes.light_sources import forest_mask, has_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.scene.base import Scene

ROWS_PX = 256
"""Rows of a scene that are compared at a time."""


def predict_labels(
    scene: Scene, teachers: Sequence[LoadedModel], views: int = 8
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The mean prediction of several networks of the same classes and scale for a scene.

    Each network's fused prediction is averaged over the scene's turns and mirrorings, then over the
    networks.

    Returns
    -------
    tuple
        (h, w) uint8 class ids on the networks' own grid, 255 where the scene has no data, and
        (h, w) uint8 the mean share of that class, 255 for all of it.
    """
    with ExitStack() as stack:
        predictions = [stack.enter_context(averaged(scene, t, views)) for t in teachers]
        grid = predictions[0].layout.inference
        height, width = grid.shape_yx
        labels, shares = (np.empty((height, width), np.uint8) for _ in range(2))
        for top in range(0, height, ROWS_PX):
            window = Window(top, 0, min(ROWS_PX, height - top), width)
            rows = window.slices
            _, valid = read_inference(scene, grid, window)
            total = np.sum([a.sums["fused"][(slice(None), *rows)] for a in predictions], axis=0)
            labels[rows] = np.where(valid, teachers[0].classes.ids[total.argmax(axis=0)], NOTHING)
            shares[rows] = np.rint(255 * total.max(axis=0) / total.sum(axis=0))
    return labels, shares


def main() -> None:
    """Write NAME_taught.png, two channels: ids and shares, for each picture NAME_sat.jpg.

    NAME_forest.png beside one is 255 where it shows nothing, as in DeepGlobe's partly labelled set.
    """
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folders", nargs="+", metavar="DIR[@METRES]", help="folders of pictures")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--model", action="append", required=True, help="a teacher network; may be given again"
    )
    parser.add_argument("--views", type=int, choices=(4, 8), default=8, help="of each scene")
    options = parser.parse_args()
    teachers = [load_model(name) for name in options.model]
    for source in map(Source.parse, options.folders):
        images = sorted(source.folder.glob("*_sat.jpg"))
        if not images:
            parser.error(f"{source.folder}: holds no picture named NAME_sat.jpg")
        for image in images:
            written = options.out / image.name.replace("_sat.jpg", "_taught.png")
            if not written.exists():
                with _opened(image, source.pixel_size_m) as scene:
                    _write(written, *predict_labels(scene, teachers, options.views))
                print(written, file=sys.stderr, flush=True)


def _opened(image: Path, pixel_size_m: float | None) -> Scene:
    """A picture; NAME_forest.png beside it marks where it shows nothing."""
    mask = forest_mask(image)
    if not mask.exists():
        return open_scene(image, pixel_size_m)
    alpha = np.where(has_picture(mask), np.uint8(255), np.uint8(0))
    pixels = np.dstack([np.asarray(Image.open(image).convert("RGB")), alpha])
    return array_scene([pixels], image.name, pixel_size_m)


def _write(path: Path, labels: NDArray[np.uint8], shares: NDArray[np.uint8]) -> None:
    encoded = BytesIO()
    Image.fromarray(np.stack([labels, shares], axis=-1)).save(encoded, format="PNG")
    with disk_errors(path.parent, "the folder", "choose another --out"):
        write_whole(path, encoded.getbuffer())


if __name__ == "__main__":
    with exit_on_bad_input():
        main()
