"""Gradients of all patches of frames, some patches at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_uhrnet.models.frames import FrameBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from napari_uhrnet.models.base.protocol import SegmentationModel
    from napari_uhrnet.models.frames import Item
    from napari_uhrnet.training.loop.losses import Objective


def accumulate(
    model: SegmentationModel,
    frames: Tensor,
    labels: Tensor,
    objective: Objective,
    patches_at_once: int | None = None,
    joint: Callable[[Tensor], Tensor] = lambda weight: weight,
) -> dict[str, float]:
    """Add the gradients of a batch of frames to the parameters'; the losses.

    The result does not depend on ``patches_at_once`` (but for rounding), and beside the frames
    themselves what is held does not grow with the number of patches.

    Parameters
    ----------
    frames
        (B, 3, H, W) float RGB in 0..255.
    labels
        (B, H, W) int64 as `Objective.sums` takes them.
    patches_at_once
        All at once if None.
    joint
        The mean of a number over all processes, whose gradients are averaged afterwards.

    Returns
    -------
    dict
        Mean loss by branch, "distance" if features are regularised, and "total".
    """
    batch = FrameBatch(model, frames)
    count = min(patches_at_once or len(batch.items), len(batch.items))
    parts = [batch.items[k : k + count] for k in range(0, len(batch.items), count)]
    if len(parts) > 1:
        batch.prepare(count)
    whole = joint(_whole_weight(batch, labels, objective, parts)).clamp(min=1e-6)
    strength = objective.feature_regularisation
    said: dict[str, float] = {}
    for k, part in enumerate(parts):
        prediction = batch.prediction(part, distance=strength > 0)
        truth = objective.truth_of(batch.cut(labels, part), model.patch_px)
        losses = {b: s / whole for b, s in objective.sums(prediction.logits, truth).items()}
        total = objective.total(losses)
        if prediction.distance is not None:
            losses["distance"] = prediction.distance * (len(part) / len(batch.items))
            total = total + strength * losses["distance"]
        # The frames' part of the graph is used for all parts of the patches.
        torch.autograd.backward(total, retain_graph=k + 1 < len(parts))
        for name, value in (losses | {"total": total}).items():
            said[name] = said.get(name, 0.0) + value.item()
    return said


def _whole_weight(
    batch: FrameBatch, labels: Tensor, objective: Objective, parts: list[list[Item]]
) -> Tensor:
    weights = [
        objective.weight_of(objective.truth_of(batch.cut(labels, part), batch.model.patch_px))
        for part in parts
    ]
    return torch.stack(weights).sum()
