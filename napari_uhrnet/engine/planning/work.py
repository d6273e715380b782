"""What is to be segmented, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uhrnet.engine.planning.layout import SceneLayout
    from napari_uhrnet.geometry.grid import Cell
    from napari_uhrnet.store.predictions.prediction import PredictionStore


@dataclass(frozen=True)
class Work:
    """A window in level-0 pixels; with ``ring`` also the patches next to it, afterwards.

    ``by_frames`` processes one frame after the other, which keeps few patches waiting on large
    scenes; otherwise what is nearest to the centre of the window comes first.
    """

    visible: Window
    ring: bool = False
    by_frames: bool = False


@dataclass(frozen=True)
class Order:
    """Rectangles still to be finished, and the patches they need, in the order of work."""

    rectangles: tuple[Cell, ...]
    patches: tuple[Cell, ...]


def put_in_order(work: Work, layout: SceneLayout, store: PredictionStore) -> Order:
    """What of the work is not in the store yet, what is visible first."""
    near = layout.inference.from_level0(work.visible)
    windows = [near]
    if work.ring and near:
        windows.append(_ring(near, layout))
    rectangles: dict[Cell, None] = {}
    patches: dict[Cell, None] = {}
    for window in windows:
        new = [
            cell
            for cell in layout.rectangles.cells_touching(window)
            if cell not in rectangles and not store.is_finished(*cell)
        ]
        rectangles.update(dict.fromkeys(new))
        needed = {p: None for cell in new for p in patches_under(cell, layout)}
        if work.by_frames:
            ordered = sorted(needed, key=lambda cell: (layout.frame_of(cell), cell))
        else:
            ordered = sorted(needed, key=_distance(near, layout))
        patches.update(dict.fromkeys(ordered))
    return Order(tuple(rectangles), tuple(patches))


def patches_under(rectangle: Cell, layout: SceneLayout) -> list[Cell]:
    """The patches that cover a rectangle, in grid order."""
    rows, columns = layout.rectangles.patches_of(rectangle)
    return [(r, c) for r in rows for c in columns]


def rectangles_over(patch: Cell, layout: SceneLayout) -> list[Cell]:
    """The rectangles that a patch covers."""
    return layout.rectangles.cells_touching(layout.patches.window(patch))


def _ring(near: Window, layout: SceneLayout) -> Window:
    """The window that the patches around the visible ones reach to."""
    grid = layout.patches
    cells = grid.cells_touching(near)
    (top, left), (bottom, right) = cells[0], cells[-1]
    first = grid.window((max(top - 1, 0), max(left - 1, 0)))
    last = grid.window((min(bottom + 1, grid.rows - 1), min(right + 1, grid.columns - 1)))
    return Window.between(first.y, first.x, last.bottom, last.right)


def _distance(near: Window, layout: SceneLayout) -> Callable[[Cell], tuple[float, Cell]]:
    y, x = near.y + near.height / 2, near.x + near.width / 2

    def squared(cell: Cell) -> tuple[float, Cell]:
        w = layout.patches.window(cell)
        return (w.y + w.height / 2 - y) ** 2 + (w.x + w.width / 2 - x) ** 2, cell

    return squared
