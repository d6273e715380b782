"""From the logits of patches to the stored maps of a finished rectangle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from napari_uhrnet.engine.planning.work import patches_under
from napari_uhrnet.geometry.blend import axis_matrices, axis_weights
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_uhrnet.engine.passes.state import EngineState, PatchLogits
    from napari_uhrnet.engine.planning.layout import SceneLayout
    from napari_uhrnet.geometry.grid import Cell
    from napari_uhrnet.models.base.protocol import SegmentationModel

LEVELS = 254
"""Shares are stored as round(share x 254): 255 is no data."""


def plane_names(branches: tuple[str, ...]) -> tuple[str, ...]:
    """The stored maps of a network with these branches."""
    return tuple(
        f"{branch}/{plane}"
        for branch in branches
        for plane in (
            ("labels", "confidence", "runner_up", "margin", "entropy")
            if branch == "fused"
            else ("labels", "confidence")
        )
    )


def blend_rectangle(
    rectangle: Cell, logits: dict[Cell, PatchLogits], layout: SceneLayout, model: SegmentationModel
) -> dict[str, Tensor]:
    """(N, h, w) logits of each branch for the pixels of a rectangle.

    Patches are added in grid order, never in order of arrival.
    """
    some = next(iter(logits.values())).logits
    full = (layout.patch_px, layout.patch_px)
    return {
        branch: (_blend_pixels if example.shape[1:] == full else _blend_cells)(
            rectangle, {cell: p.logits[branch] for cell, p in logits.items()}, layout, model
        )
        for branch, example in some.items()
    }


def _axes(rectangle: Cell, layout: SceneLayout) -> list[tuple[list[int], range, int, int]]:
    """Per axis: first pixels and indices of the patches, start and stop of the rectangle."""
    window = layout.rectangles.window(rectangle)
    spans = ((window.y, window.bottom), (window.x, window.right))
    covering = layout.rectangles.patches_of(rectangle)
    return [
        ([starts[k] for k in indices], indices, *span)
        for starts, indices, span in zip(layout.patches.starts_yx, covering, spans, strict=True)
    ]


def _blend_cells(
    rectangle: Cell, logits: dict[Cell, Tensor], layout: SceneLayout, model: SegmentationModel
) -> Tensor:
    """Logits on cells coarser than pixels: upsampling and blending in two small products."""
    cells = next(iter(logits.values())).shape[1:]
    axes = _axes(rectangle, layout)
    y, x = (
        [
            torch.from_numpy(m)
            for m in axis_matrices(
                firsts,
                layout.patch_px,
                count,
                start,
                stop,
                upsample=model.upsample,
                blend=model.blend,
            )
        ]
        for (firsts, _, start, stop), count in zip(axes, cells, strict=True)
    )
    parts = [
        y[i] @ logits[r, c] @ x[j].T
        for i, r in enumerate(axes[0][1])
        for j, c in enumerate(axes[1][1])
    ]
    return _in_order(parts)


def _blend_pixels(
    rectangle: Cell, logits: dict[Cell, Tensor], layout: SceneLayout, model: SegmentationModel
) -> Tensor:
    """Logits of every pixel: nothing to upsample."""
    axes = _axes(rectangle, layout)
    y, x = (
        torch.from_numpy(axis_weights(firsts, layout.patch_px, start, stop, model.blend)).float()
        for firsts, _, start, stop in axes
    )
    window = layout.rectangles.window(rectangle)
    parts = []
    for i, r in enumerate(axes[0][1]):
        for j, c in enumerate(axes[1][1]):
            rows, columns = window.relative_to(layout.patches.window((r, c))).slices
            parts.append(y[i][:, None] * x[j] * logits[r, c][:, rows, columns])
    return _in_order(parts)


def _in_order(parts: list[Tensor]) -> Tensor:
    """The sum, one after the other."""
    total = parts[0].clone()
    for part in parts[1:]:
        total += part
    return total


def rectangle_planes(
    rectangle: Cell, logits: dict[Cell, PatchLogits], state: EngineState
) -> dict[str, NDArray[np.uint8]]:
    """The stored maps (h, w) uint8 of a rectangle; 255 where the scene has no data."""
    blended = blend_rectangle(rectangle, logits, state.layout, state.network)
    ids = state.classes.ids
    planes = {}
    for branch, values in blended.items():
        for name, plane in _planes(values, ids, full=branch == "fused").items():
            planes[f"{branch}/{name}"] = plane
    valid = valid_pixels(rectangle, logits, state)
    if valid is not None:
        for plane in planes.values():
            plane[~valid] = NOTHING
    return planes


def _planes(logits: Tensor, ids: NDArray[np.uint8], *, full: bool) -> dict[str, NDArray[np.uint8]]:
    share = logits.softmax(dim=0)
    top, channel = share.topk(min(2, len(ids)), dim=0)
    planes = {"labels": ids[channel[0].numpy()], "confidence": _as_byte(top[0])}
    if full:
        planes["runner_up"] = ids[channel[-1].numpy()]
        planes["margin"] = _as_byte(top[0] - top[-1])
        planes["entropy"] = _as_byte(entropy_of(share))
    return planes


def entropy_of(share: Tensor) -> Tensor:
    """(h, w) entropy of (N, h, w) shares, as share of the largest that there can be."""
    entropy: Tensor = torch.special.entr(share).sum(dim=0) / math.log(len(share))
    return entropy


def _as_byte(share: Tensor) -> NDArray[np.uint8]:
    values: NDArray[np.uint8] = (share.clamp(0, 1) * LEVELS).round().to(torch.uint8).numpy()
    return values


def valid_pixels(
    rectangle: Cell, logits: dict[Cell, PatchLogits], state: EngineState
) -> NDArray[np.bool_] | None:
    """Which pixels hold data, from any of the patches that saw them; None if all do."""
    patch = patches_under(rectangle, state.layout)[0]
    valid = logits[patch].valid
    if valid is None:
        return None
    window = state.layout.rectangles.window(rectangle)
    cut: NDArray[np.bool_] = valid[window.relative_to(state.layout.patches.window(patch)).slices]
    return cut
