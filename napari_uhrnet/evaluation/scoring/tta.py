"""Averages over a scene's flips and turns (test-time augmentation), right for every branch.

The whole scene is turned, and frames, patches and neighbours are those of the turned one: GLNet's
code turns the frame but cuts its patches from the unturned picture.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.engine.passes.blending import blend_rectangle
from napari_uhrnet.engine.passes.reading import read_inference
from napari_uhrnet.engine.passes.state import EngineState
from napari_uhrnet.engine.passes.steps import decode
from napari_uhrnet.engine.planning.layout import SceneLayout
from napari_uhrnet.engine.planning.work import patches_under
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import labels_to_level0
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.turn import TURNS, Turn
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.base import Scene
from napari_uhrnet.scene.picture.bands import Bands
from napari_uhrnet.scene.picture.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.grid import Cell
    from napari_uhrnet.models.registry import LoadedModel

LARGEST_PX = 1 << 28
"""Scenes up to this many inference pixels, 16384 x 16384, are averaged.

Sums of shares lie in a temporary file: classes x branches x 2 bytes per pixel, 10 GB at most for
six classes and three branches. Memory does not grow with the scene.
"""

_WHOLE_SHARE = 65535 // 8
"""A share of 1 in the sums: whole numbers, so that the order of the views does not matter."""


@dataclass(frozen=True)
class TurnedLevel:
    """A level of a scene as the networks see it, turned: red, green, blue and, as alpha, valid."""

    scene: Scene
    number: int
    turn: Turn

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, 4)."""
        return (*self.turn.shape(self.scene.level_shapes[self.number]), 4)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Bytes, whatever the scene's own values are."""
        return np.dtype(np.uint8)

    @property
    def chunk_yx(self) -> tuple[int, int]:
        """The stored blocks, turned."""
        return self.turn.shape(self.scene.picture.levels[self.number].chunk_yx)

    def read(self, window: Window) -> NDArray[Any]:
        """(h, w, 4) uint8 pixels of a window."""
        place = self.turn.source(window, self.scene.level_shapes[self.number])
        rgb, valid = self.scene.read(place, self.number)
        alpha = np.where(valid, np.uint8(255), np.uint8(0))[..., None]
        return self.turn.apply(np.concatenate([rgb, alpha], axis=2))


def turned_scene(scene: Scene, turn: Turn) -> Scene:
    """The scene turned; nothing is copied, and closing is left to the scene itself."""
    numbers = range(len(scene.level_shapes))
    picture = Picture(
        "turned",
        tuple(TurnedLevel(scene, number, turn) for number in numbers),
        Bands.of(4, has_alpha=True),
    )
    return Scene(picture, scene.name, None, scene.pixel_size_m)


@dataclass(frozen=True)
class Averaged:
    """Sums of the shares of all views: ``sums[branch]`` (N, h, w) uint16 on the inference grid."""

    scene: Scene
    model: LoadedModel
    layout: SceneLayout
    sums: dict[str, NDArray[np.uint16]]

    def read(self, branch: str, window: Window) -> NDArray[np.uint8]:
        """(h, w) uint8 ids of a level-0 window; 255 where the scene has no data."""
        grid = self.layout.inference

        def labels(part: Window) -> NDArray[np.uint8]:
            channel = self.sums[branch][(slice(None), *part.slices)].argmax(axis=0)
            _, valid = read_inference(self.scene, grid, part)
            return np.where(valid, self.model.classes.ids[channel], np.uint8(NOTHING))

        return labels_to_level0(labels, grid, window)


@contextmanager
def averaged(
    scene: Scene,
    model: LoadedModel,
    views: int = 8,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Averaged]:
    """Segment 4 (turned) or 8 (and mirrored) views of a scene and average their shares.

    ``progress`` is called with the rectangles done and all. Raises UserError for a scene of more
    than `LARGEST_PX` inference pixels.
    """
    layout = SceneLayout.build(scene.shape_yx, scene.pixel_size_m, model)
    height, width = layout.inference.shape_yx
    if height * width > LARGEST_PX:
        raise UserError(
            f"{scene.name}: has {height * width} pixels at the network's scale, and averaging over "
            f"views holds at most {LARGEST_PX}: evaluate it without"
        )
    turns = TURNS[views]
    with TemporaryDirectory(prefix="napari-uhrnet-", ignore_cleanup_errors=True) as folder:
        shape = (len(model.classes.classes), height, width)
        sums = {b: _empty(Path(folder) / f"{b}.npy", shape) for b in model.branches}
        done, total = 0, len(turns) * len(_rectangles(layout))
        for turn in turns:
            for _ in _add_view(sums, scene, model, turn):
                done += 1
                if progress is not None:
                    progress(done, total)
        yield Averaged(scene, model, layout, sums)


def _empty(path: Path, shape: tuple[int, int, int]) -> NDArray[np.uint16]:
    sums: NDArray[np.uint16] = np.lib.format.open_memmap(
        path, mode="w+", dtype=np.uint16, shape=shape
    )
    return sums


def _add_view(
    sums: dict[str, NDArray[np.uint16]], scene: Scene, model: LoadedModel, turn: Turn
) -> Iterator[None]:
    """Add the shares of one view, turned back, a rectangle at a time."""
    turned = turned_scene(scene, turn)
    layout = SceneLayout.build(turned.shape_yx, turned.pixel_size_m, model)
    state = EngineState(turned, layout, model)
    for rectangle in _rectangles(layout):
        logits = decode(state, patches_under(rectangle, layout))
        blended = blend_rectangle(rectangle, logits, layout, state.network)
        place = turn.source(layout.rectangles.window(rectangle), _grid_of(sums))
        for branch, values in blended.items():
            share = (values.softmax(dim=0) * _WHOLE_SHARE).round().numpy().astype(np.uint16)
            back = turn.undo(share.transpose(1, 2, 0)).transpose(2, 0, 1)
            sums[branch][(slice(None), *place.slices)] += back
        yield


def _grid_of(sums: dict[str, NDArray[np.uint16]]) -> tuple[int, int]:
    _, height, width = next(iter(sums.values())).shape
    return height, width


def _rectangles(layout: SceneLayout) -> list[Cell]:
    """All rectangles, one frame after the other, so that few patches have to be kept."""
    whole = Window.of_shape(layout.inference.shape_yx)
    cells = layout.rectangles.cells_touching(whole)
    return sorted(cells, key=lambda cell: (layout.frame_of(patches_under(cell, layout)[0]), cell))
