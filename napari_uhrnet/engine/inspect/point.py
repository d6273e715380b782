"""Each branch's prediction for one pixel: all probabilities, and which branch decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_uhrnet.engine.passes.blending import blend_rectangle, entropy_of, valid_pixels
from napari_uhrnet.engine.passes.state import MB, EngineState
from napari_uhrnet.engine.passes.steps import decode
from napari_uhrnet.engine.planning.layout import SceneLayout
from napari_uhrnet.engine.planning.work import patches_under
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.grid import Cell
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.scene.base import Scene

CACHE_BYTES = 64 * MB
"""Limit of each cache: what the points around the last one need."""
FEATURE_BYTES = 256 * MB


@dataclass(frozen=True, eq=False)
class BranchReading:
    """A branch's prediction for a pixel.

    Attributes
    ----------
    probabilities
        (N,) float32, in the order of the class table; their sum is 1.
    class_id
        Of the largest one, which is the ``confidence``.
    margin
        How much larger it is than the second largest.
    entropy
        As share of the largest that there can be.
    """

    probabilities: NDArray[np.float32]
    class_id: int
    confidence: float
    margin: float
    entropy: float


@dataclass(frozen=True, eq=False)
class Reading:
    """The predictions of all branches for a pixel; "fused" is always among them."""

    classes: ClassTable
    branches: dict[str, BranchReading]

    @property
    def decided_by(self) -> str:
        """The branch whose class is the fused one: "global", "local", "both" or "neither".

        Empty if the network has no branch but the fused one.
        """
        fused = self.branches["fused"].class_id
        others = {name: b.class_id for name, b in self.branches.items() if name != "fused"}
        agreeing = [name for name, class_id in others.items() if class_id == fused]
        if not others:
            return ""
        if len(agreeing) == 1:
            return agreeing[0]
        return "both" if agreeing else "neither"


def point_state(scene: Scene, model: LoadedModel, pixel_size_m: float | None = None) -> EngineState:
    """The state to read points with: small caches, enough for the next point nearby.

    ``pixel_size_m`` is the ground size of a level-0 pixel, by default the scene's own.
    """
    layout = SceneLayout.build(scene.shape_yx, pixel_size_m or scene.pixel_size_m, model)
    return EngineState(scene, layout, model, cache_bytes=CACHE_BYTES, feature_bytes=FEATURE_BYTES)


def approach(state: EngineState, y: int, x: int) -> Iterator[float]:
    """Compute what a pixel depends on, patch by patch; yields the share that is done.

    `probabilities_at` does so by itself; this lets a caller stop on the way.
    """
    patches = patches_under(_rectangle_at(state, y, x)[0], state.layout)
    for done, patch in enumerate(patches, start=1):
        decode(state, [patch])
        yield done / len(patches)


def probabilities_at(state: EngineState, y: int, x: int) -> Reading | None:
    """Each branch's prediction for a level-0 pixel; None where the scene has no data.

    Recomputed from the patches that cover the pixel, as they are for the stored maps: classes,
    confidence, margin and entropy are those that segmenting the scene stores for it.

    Raises
    ------
    UserError
        If the pixel is not inside of the scene.
    """
    rectangle, (row, column) = _rectangle_at(state, y, x)
    logits = decode(state, patches_under(rectangle, state.layout))
    valid = valid_pixels(rectangle, logits, state)
    if valid is not None and not valid[row, column]:
        return None
    blended = blend_rectangle(rectangle, logits, state.layout, state.network)
    return Reading(
        state.classes,
        {
            branch: _reading(values, row, column, state.classes.ids)
            for branch, values in blended.items()
        },
    )


def _rectangle_at(state: EngineState, y: int, x: int) -> tuple[Cell, tuple[int, int]]:
    """The rectangle that a level-0 pixel is stored in, and its row and column in there."""
    layout = state.layout
    pixel = layout.inference.from_level0(Window(y, x, 1, 1))
    if not pixel:
        raise UserError(
            f"pixel {y},{x} (y,x) is not inside of {state.scene.name}, which has "
            f"{state.scene.shape_yx[0]} rows and {state.scene.shape_yx[1]} columns"
        )
    (rectangle,) = layout.rectangles.cells_touching(pixel)
    place = pixel.relative_to(layout.rectangles.window(rectangle))
    return rectangle, (place.y, place.x)


def _reading(logits: Tensor, row: int, column: int, ids: NDArray[np.uint8]) -> BranchReading:
    # Of the whole rectangle, as for the stored maps: sums of a single pixel may round otherwise.
    shares = logits.softmax(dim=0)
    entropy = float(entropy_of(shares)[row, column])
    share = shares[:, row, column].clone()
    top, channel = share.topk(min(2, len(ids)))
    return BranchReading(
        share.numpy(),
        int(ids[int(channel[0])]),
        float(top[0]),
        float(top[0] - top[-1]),
        entropy,
    )
