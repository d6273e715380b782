"""The influence of neighbouring patches on a prediction (local feature fusion, UHRNet)."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_uhrnet.engine.passes.steps import decode_without
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from torch import Tensor

    from napari_uhrnet.engine.passes.state import EngineState
    from napari_uhrnet.geometry.grid import Cell
    from napari_uhrnet.models.registry import LoadedModel

BRANCHES = ("fused", "local")
"""What local fusion changes; the global branch does not look at patches."""
WITHOUT = "without neighbours"


@dataclass(frozen=True)
class Influence:
    """How leaving a neighbour out changes a patch, by branch ("fused", "local").

    Attributes
    ----------
    window
        The neighbour, in inference pixels.
    moved
        Mean over the patch of the total variation distance between the probabilities with and
        without it: 0 none, 1 all.
    changed
        Share of the patch whose class is another one without it.
    """

    window: Window
    moved: dict[str, float]
    changed: dict[str, float]


@dataclass(frozen=True)
class PatchInfluences:
    """``each`` neighbour of the patch in ``window`` (inference pixels), and all of them at once."""

    window: Window
    each: dict[Cell, Influence]
    together: Influence


def check_local_fusion(model: LoadedModel) -> None:
    """UserError unless single neighbours can be left out of a network's prediction."""
    network = model.network
    if not network.needs_neighbours:
        raise UserError(
            f"{model.name} has no local feature fusion: its patches use no features of "
            "their neighbours"
        )
    if network.needs_whole_frame:
        raise UserError(
            f"{model.name} merges all patches into the frame before it predicts: no single "
            "neighbour of a patch can be left out"
        )


def patch_at(state: EngineState, y: int, x: int) -> Cell:
    """The patch in whose interior a level-0 pixel lies deepest (of equals, the first)."""
    layout = state.layout
    (height, width), factor = layout.inference.shape_yx, layout.inference.factor_yx
    row = min(max(int((y + 0.5) / factor[0]), 0), height - 1)
    column = min(max(int((x + 0.5) / factor[1]), 0), width - 1)

    def depth(cell: Cell) -> int:
        w = layout.patches.window(cell).clip(layout.inference.shape_yx)
        return min(row - w.y, w.bottom - 1 - row, column - w.x, w.right - 1 - column)

    return max(layout.patches.cells_touching(Window(row, column, 1, 1)), key=depth)


def influences(state: EngineState, patch: Cell) -> PatchInfluences:
    """How much each neighbour of a patch moved its prediction, by leaving it out.

    Compared on the cells of the logits. Raises UserError if the patch has no neighbour.
    """
    layout = state.layout
    around = layout.patches.neighbours(patch)
    if not around:
        raise UserError("the whole image is one patch at this scale: it has no neighbours")
    sets = [frozenset[Any](), *(frozenset({cell}) for cell in around), frozenset(around)]
    full, *reduced = decode_without(state, patch, sets)
    windows = [layout.patches.window(cell) for cell in around]
    own = layout.patches.window(patch)
    found = [_influence(w, full, other) for w, other in zip([*windows, own], reduced, strict=True)]
    return PatchInfluences(own, dict(zip(around, found, strict=False)), found[-1])


def _influence(window: Window, full: dict[str, Tensor], reduced: dict[str, Tensor]) -> Influence:
    moved, changed = {}, {}
    for branch in BRANCHES:
        if branch in full:
            p, q = full[branch].softmax(dim=0), reduced[branch].softmax(dim=0)
            moved[branch] = float((p - q).abs().sum(dim=0).mean() / 2)
            changed[branch] = float((p.argmax(dim=0) != q.argmax(dim=0)).float().mean())
    return Influence(window, moved, changed)


def without_local_fusion(model: LoadedModel) -> LoadedModel:
    """The same weights without local fusion; for the engine it is a different network.

    Raises UserError if the network has no local fusion.
    """
    if not model.network.needs_neighbours:
        check_local_fusion(model)
    network = copy(model.network)  # shares all weights
    network.needs_neighbours = False
    return replace(
        model, name=f"{model.name} {WITHOUT}", network=network, hash=f"{model.hash}-{WITHOUT}"
    )
