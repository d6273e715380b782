"""Pictures of a run: curves of losses and scores, and predictions for a few views."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.store.files.disk import disk_errors, write_whole
from napari_uhrnet.training.loop.log import read_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable

POINTS = 500
"""Of a curve: longer runs are averaged, so that drawing them takes no longer."""
GAP_PX = 4


def draw_curves(folder: Path) -> None:
    """``curves.png`` of a run folder from its ``log.csv`` and ``scores.csv``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    rows = read_log(folder / "scores.csv")
    losses, *others = figure.subplots(1, 2 if rows else 1, squeeze=False)[0]
    log = read_log(folder / "log.csv")
    for name in [k for k in (log[0] if log else {}) if k != "step"]:
        steps, values = _curve([(row["step"], row[name]) for row in log])
        if len(steps):
            losses.plot(steps, values, label=name, linewidth=1)
    losses.set(xlabel="step", ylabel="loss", yscale="log")
    losses.legend()
    for scores in others:
        scores.plot([r["step"] for r in rows], [r["miou"] for r in rows], marker="o")
        scores.set(xlabel="step", ylabel="mIoU of the validation views", ylim=(0, 1))
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    _write(folder / "curves.png", file)


def _curve(points: Sequence[tuple[float, float]]) -> tuple[NDArray[np.float64], ...]:
    """Steps and values without gaps, averaged over neighbours if there are very many."""
    values = np.array([p for p in points if np.isfinite(p[1])], float).reshape(-1, 2)
    parts = np.array_split(values, min(POINTS, len(values))) if len(values) else []
    means = np.array([part.mean(axis=0) for part in parts]).reshape(-1, 2)
    return means[:, 0], means[:, 1]


def draw_views(
    path: Path,
    views: Sequence[tuple[NDArray[np.uint8], NDArray[np.integer], NDArray[np.uint8]]],
    classes: ClassTable,
) -> None:
    """A PNG with a row for each view: image, ground truth and the fused prediction.

    ``views`` holds pixels (h, w, 3), truth and prediction (h, w), both as ids; what has no label
    is black.
    """
    from PIL import Image

    rows = []
    for pixels, truth, prediction in views:
        known = np.where(truth < 255, truth, 255).astype(np.uint8)
        tiles = (pixels, classes.palette[known], classes.palette[prediction])
        rows.append(_side_by_side(tiles))
    width = max(row.shape[1] for row in rows)
    sheet = np.concatenate([_filled(row, width) for row in rows])
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
    _write(path, file)


def _side_by_side(tiles: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    gap = np.full((tiles[0].shape[0], GAP_PX, 3), 255, np.uint8)
    parts = [part for tile in tiles for part in (tile, gap)][:-1]
    joined: NDArray[np.uint8] = np.concatenate(parts, axis=1)
    return joined


def _filled(row: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    beyond = ((0, GAP_PX), (0, width - row.shape[1]), (0, 0))
    filled: NDArray[np.uint8] = np.pad(row, beyond, constant_values=255)
    return filled


def _write(path: Path, file: io.BytesIO) -> None:
    with disk_errors(path.parent, "the run", "continue with --resume"):
        write_whole(path, file.getvalue())
