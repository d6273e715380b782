"""The coarse prediction: of the global branch alone, a frame at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_uhrnet.engine.passes.steps import decode, frame_features
from napari_uhrnet.geometry.affine import InferenceGrid
from napari_uhrnet.geometry.sampling import sampling_matrix
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_uhrnet.engine.passes.state import EngineState
    from napari_uhrnet.engine.planning.layout import SceneLayout
    from napari_uhrnet.engine.planning.work import Work
    from napari_uhrnet.geometry.grid import Cell

COARSE_PX = 16
"""Inference pixels per pixel of the coarse prediction, about a cell of the global features."""


@dataclass(frozen=True)
class CoarseTile:
    """``labels`` (h, w) uint8 ids for a ``window`` of the coarse grid."""

    window: Window
    labels: NDArray[np.uint8]
    frames_done: int
    frames_total: int


def coarse_grid(layout: SceneLayout) -> InferenceGrid:
    """The grid of the coarse prediction: a layer on it has its factor as scale."""
    return InferenceGrid(layout.inference.level0_shape_yx, layout.inference.scale / COARSE_PX)


def run_coarse(work: Work, state: EngineState) -> Iterator[CoarseTile]:
    """The global branch's labels of the frames under a window, nearest to its centre first.

    At the end one patch is timed, unless one was before, so that the time of the whole can be
    estimated: ``state.seconds_per_patch``.
    """
    layout = state.layout
    near = layout.inference.from_level0(work.visible)
    y, x = near.y + near.height / 2, near.x + near.width / 2

    def distance(cell: Cell) -> float:
        w = layout.frames.window(cell)
        return (w.y + w.height / 2 - y) ** 2 + (w.x + w.width / 2 - x) ** 2

    frames = sorted(layout.frames.cells_touching(near), key=distance)
    for done, frame in enumerate(frames, start=1):
        window, labels = _frame_labels(state, frame)
        yield CoarseTile(window, labels, done, len(frames))
    if state.seconds_per_patch is None and frames:
        _time_one_patch(state, near)


def _frame_labels(state: EngineState, frame: Cell) -> tuple[Window, NDArray[np.uint8]]:
    layout, grid = state.layout, coarse_grid(state.layout)
    place = layout.frames.window(frame)
    cell_px = [n / c for n, c in zip(layout.inference.shape_yx, grid.shape_yx, strict=True)]
    top, bottom = _inside(place.y, place.bottom, cell_px[0], grid.shape_yx[0])
    left, right = _inside(place.x, place.right, cell_px[1], grid.shape_yx[1])
    window = Window.between(top, left, bottom, right)
    g = frame_features(state, frame)
    logits = g.logits[0].float().cpu()
    rows, columns = (
        torch.from_numpy(
            sampling_matrix(0, cell, source, start * px - origin, px, count, beyond=True)
        )
        for cell, source, start, px, origin, count in (
            (g.cell_yx_px[0], logits.shape[1], top, cell_px[0], place.y, window.height),
            (g.cell_yx_px[1], logits.shape[2], left, cell_px[1], place.x, window.width),
        )
    )
    channel = (rows @ logits @ columns.T).argmax(dim=0)
    return window, state.classes.ids[channel.numpy()]


def _inside(start: int, stop: int, cell_px: float, count: int) -> tuple[int, int]:
    """Coarse cells whose centres lie in start .. stop."""
    first = int(np.ceil(start / cell_px - 0.5))
    end = int(np.ceil(stop / cell_px - 0.5))
    return max(first, 0), min(max(end, first), count)


def _time_one_patch(state: EngineState, near: Window) -> None:
    cells = state.layout.patches.cells_touching(near)
    before = state.counts["encoded"]
    started = time.monotonic()
    decode(state, [cells[len(cells) // 2]])
    # The first patch also describes its neighbours, which the others share.
    encoded = max(1, state.counts["encoded"] - before)
    state.seconds_per_patch = (time.monotonic() - started) / encoded * 1.3
