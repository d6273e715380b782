"""What the branches made of a frame, as pictures at their true place and scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.engine.inspect.components import FeatureMap, as_colours, principal_components
from napari_uhrnet.engine.passes.steps import (
    frame_features,
    frame_parts,
    frame_pixels,
    patches_inside,
)
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.grid import frame_of
from napari_uhrnet.geometry.sampling import averaging_matrix
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_uhrnet.engine.passes.state import EngineState
    from napari_uhrnet.engine.planning.layout import SceneLayout
    from napari_uhrnet.geometry.blend import Blend
    from napari_uhrnet.geometry.grid import Cell
    from napari_uhrnet.models.base.protocol import SegmentationModel

ROUNDING = 1e-6
"""Of a cell: a frame of whole cells must not get one more because a quotient was rounded."""


@dataclass(frozen=True)
class FeaturePicture:
    """``rgba`` (h, w, 4) uint8, clear where nothing is known, and its place in level-0 pixels.

    Cell (i, j) covers ``corner + (i, j) * cell .. corner + (i + 1, j + 1) * cell``, counted from
    the scene's outer edge. The last cells may reach past the frame's end.
    """

    rgba: NDArray[np.uint8]
    cell_yx_px: tuple[float, float]
    corner_yx_px: tuple[float, float]


@dataclass(frozen=True)
class FeatureView:
    """The pictures of a frame by branch, "global" and "local".

    ``explained`` (3,) are the shares of the variance that red, green and blue show.
    """

    frame: Cell
    pictures: dict[str, FeaturePicture]
    explained: tuple[float, float, float]


def branches_with_features(network: SegmentationModel) -> tuple[str, ...]:
    """The branches that have features; a baseline has none, its one prediction is all there is."""
    return tuple(branch for branch in ("global", "local") if branch in network.branches)


def frame_at(layout: SceneLayout, y: int, x: int) -> Cell:
    """The frame in whose interior a level-0 pixel lies deepest."""
    return frame_of(layout.inference.from_level0(Window(y, x, 1, 1)), layout.frames)


def run_features(state: EngineState, frame: Cell) -> Generator[float | FeatureView, None, None]:
    """How much is done (0..1), batch by batch, and at the end the `FeatureView` of a frame.

    Shown are the last features of each branch before they meet: G of the frame, and F' of the
    patches that lie whole in it. Both have the same number of channels in every network, and get
    one basis and one stretch (`principal_components`), about the common mean: if each branch
    were centred by itself, their difference would not show. Nothing depends on what is on screen.

    Raises
    ------
    UserError
        If the network has no such branches, or the frame holds no whole patch or no data.
    """
    branches = branches_with_features(state.network)
    if not branches:
        raise UserError(
            "This network has neither a global nor a local branch, so there are no features to "
            "show: choose a UHRNet or a GLNet."
        )
    maps = {}
    if "global" in branches:
        maps["global"] = _global_map(state, frame)
    if "local" in branches:
        maps["local"] = yield from _local_map(state, frame)
    if not any(part.known.any() for part in maps.values()):
        raise UserError("The image has no data in this frame: move the view to where it has some.")
    yield _view(state.layout, frame, maps)


def _view(layout: SceneLayout, frame: Cell, maps: dict[str, FeatureMap]) -> FeatureView:
    basis = principal_components(list(maps.values()))
    red, green, blue = (float(share) for share in basis.explained)
    (fy, fx), place = layout.inference.factor_yx, layout.frames.window(frame)
    pictures = {}
    for branch, rgba in zip(maps, as_colours(list(maps.values()), basis), strict=True):
        cell_y, cell_x = maps[branch].cell_yx_px
        cell_yx_px, corner_yx_px = (cell_y * fy, cell_x * fx), (place.y * fy, place.x * fx)
        pictures[branch] = FeaturePicture(rgba, cell_yx_px, corner_yx_px)
    return FeatureView(frame, pictures, (red, green, blue))


def _global_map(state: EngineState, frame: Cell) -> FeatureMap:
    """G, without the cells that lie beyond the frame's end."""
    found = frame_features(state, frame)
    height, width = _cells(state, frame, found.cell_yx_px)
    values = _to_numpy(found.features[0])[:, :height, :width]
    known = np.ones((height, width), np.bool_)
    return _where_data_is(state, frame, FeatureMap(values, known, found.cell_yx_px))


def _local_map(state: EngineState, frame: Cell) -> Generator[float, None, FeatureMap]:
    """F' of the patches on one grid of cells of their own size that starts at the frame's corner.

    A patch's cells are averaged by area into those of the grid, for its offset need not be a whole
    number of cells. Where patches overlap they are weighted as their logits are in the prediction.
    """
    mosaic: _Mosaic | None = None
    done, total = 0, len(patches_inside(state, frame))
    if not total:
        raise UserError("No patch lies whole in this frame: move the view to another one.")
    for part, boxes in frame_parts(state, frame):
        features = part.features if part.shown is None else part.shown
        for values, box in zip(features, boxes, strict=False):
            if mosaic is None:
                cell_yx_px = box.height / values.shape[-2], box.width / values.shape[-1]
                shape = (len(values), *_cells(state, frame, cell_yx_px))
                mosaic = _Mosaic(shape, cell_yx_px, state.network.blend)
            mosaic.add(_to_numpy(values), box)
        done += len(boxes)
        yield done / total
    assert mosaic is not None  # there is a first patch
    return _where_data_is(state, frame, mosaic.result())


class _Mosaic:
    """Patches, added one by one, on a grid (C, h, w) of cells."""

    def __init__(
        self, shape: tuple[int, int, int], cell_yx_px: tuple[float, float], blend: Blend
    ) -> None:
        self._sum = np.zeros(shape, np.float32)
        self._weight = np.zeros(shape[1:], np.float32)
        self._cell_yx_px, self._blend = cell_yx_px, blend

    def add(self, values: NDArray[np.float32], box: Window) -> None:
        """Add (C, h, w) that cover a box in pixels from the frame's corner."""
        spans = ((box.y, box.bottom), (box.x, box.right))
        (top, rows), (left, columns) = (
            self._axis(start, stop, axis, values.shape[axis + 1])
            for axis, (start, stop) in enumerate(spans)
        )
        place = slice(top, top + len(rows)), slice(left, left + len(columns))
        self._sum[:, *place] += rows @ values @ columns.T
        self._weight[place] += np.outer(rows.sum(axis=1), columns.sum(axis=1))

    def result(self) -> FeatureMap:
        """The weighted mean where there was a patch."""
        known = self._weight > 0
        np.divide(self._sum, self._weight, out=self._sum, where=known)
        return FeatureMap(self._sum, known, self._cell_yx_px)

    def _axis(
        self, start: int, stop: int, axis: int, count: int
    ) -> tuple[int, NDArray[np.float32]]:
        """The first cell that a patch reaches, and the weights (n, count) of its own cells."""
        cell = self._cell_yx_px[axis]
        first = math.floor(start / cell + ROUNDING)
        end = min(math.ceil(stop / cell - ROUNDING), self._weight.shape[axis])
        share = averaging_matrix(start, cell, count, first * cell, cell, end - first)
        if self._blend == "feather":
            middle = np.arange(count, dtype=np.float32) + 0.5
            share *= np.minimum(middle, count - middle)
        return first, share


def _where_data_is(state: EngineState, frame: Cell, part: FeatureMap) -> FeatureMap:
    """The map without the cells in whose middle the scene has no data."""
    _, valid = frame_pixels(state, frame)
    rows, columns = (
        np.minimum((np.arange(count) + 0.5) * cell, length - 1).astype(int)
        for count, cell, length in zip(part.known.shape, part.cell_yx_px, valid.shape, strict=True)
    )
    return FeatureMap(part.values, part.known & valid[np.ix_(rows, columns)], part.cell_yx_px)


def _cells(state: EngineState, frame: Cell, cell_yx_px: tuple[float, float]) -> tuple[int, int]:
    """How many cells it takes to cover a frame."""
    place = state.layout.frames.window(frame)
    height, width = (
        math.ceil(length / cell - ROUNDING)
        for length, cell in zip(place.shape_yx, cell_yx_px, strict=True)
    )
    return height, width


def _to_numpy(values: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = values.float().cpu().numpy()
    return array
