"""The losses of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ANYTHING_BUT = 128
"""Truth ``ANYTHING_BUT + k`` marks a pixel that is of any channel but k: partly labelled."""


@dataclass(frozen=True)
class Objective:
    """The loss of a network's branches.

    Parameters
    ----------
    class_weights
        (N,) float, one for each output channel.
    form
        Cross entropy, or focal loss: each pixel's cross entropy times (1 - p) ** ``focal_gamma``,
        3 in GLNet's code (``FocalLoss`` in its ``helper.py``).
    auxiliary_weight
        Of the global and the local branch's own loss beside the fused one's (choice).
    loss_stride_px
        The loss uses every second pixel along an axis (choice: a fifth of the time of a step
        for a light network, and logits have a stride of 4 px). Quarter turns and flips even out
        that it is always the first of a block.
    feature_regularisation
        Weight of the distance of patches' features to the frame's (`models.base.config`).
    """

    class_weights: Tensor
    form: Literal["cross-entropy", "focal"] = "cross-entropy"
    focal_gamma: float = 3.0
    auxiliary_weight: float = 0.5
    loss_stride_px: int = 2
    feature_regularisation: float = 0.0

    def truth_of(self, labels: Sequence[Tensor], patch_px: int) -> Tensor:
        """(K, p, p) of patches' labels (h, w) at the loss's stride, NOTHING beyond their end."""
        step = self.loss_stride_px
        side = -(-patch_px // step)
        small = [x[::step, ::step] for x in labels]
        return torch.stack(
            [F.pad(x, (0, side - x.shape[1], 0, side - x.shape[0]), value=NOTHING) for x in small]
        )

    def weight_of(self, truth: Tensor) -> Tensor:
        """Sum of the weights of all labelled pixels: what sums of losses are divided by."""
        return self._weights(truth).sum()

    def sums(self, logits: dict[str, Tensor], truth: Tensor) -> dict[str, Tensor]:
        """Weighted sum of each branch's loss over all pixels of K patches.

        Parameters
        ----------
        logits
            (K, N, h, w) by branch.
        truth
            (K, p, p) int64: channel, ``ANYTHING_BUT`` + channel, or NOTHING (not counted).
        """
        weights = self._weights(truth).flatten()
        return {
            branch: (weights * self._of_pixels(values, truth)).sum()
            for branch, values in logits.items()
        }

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        """Fused loss plus the weighted losses of the other branches."""
        others = [value for branch, value in losses.items() if branch != "fused"]
        return losses["fused"] + self.auxiliary_weight * sum(others, torch.zeros(()))

    def _weights(self, truth: Tensor) -> Tensor:
        table = self.class_weights.new_zeros(256)
        count = len(self.class_weights)
        table[:count] = self.class_weights
        table[ANYTHING_BUT : ANYTHING_BUT + count] = 1.0
        return table.to(truth.device)[truth]

    def _of_pixels(self, logits: Tensor, truth: Tensor) -> Tensor:
        size = truth.shape[-2:]
        full = F.interpolate(logits.float(), size=size, mode="bilinear", align_corners=False)
        rows = full.permute(0, 2, 3, 1).flatten(0, 2).log_softmax(dim=1)
        flat = truth.flatten()
        channel = torch.where(flat >= ANYTHING_BUT, flat - ANYTHING_BUT, flat)
        channel = channel.clamp(max=rows.shape[1] - 1)  # what is NOTHING has no weight
        log_p = rows.gather(1, channel[:, None])[:, 0]
        if bool((flat >= ANYTHING_BUT).logical_and(flat != NOTHING).any()):
            log_p = torch.where(flat >= ANYTHING_BUT, _log_one_minus(log_p), log_p)
        if self.form == "focal":
            return -log_p * (1 - log_p.exp()) ** self.focal_gamma
        return -log_p


def class_weights(shares: NDArray[np.float64]) -> Tensor:
    """(N,) 1 / sqrt(share), scaled to a mean of 1 over pixels, at most 3."""
    weights = 1 / np.sqrt(np.maximum(shares, 1e-3))
    return torch.tensor(np.minimum(weights / (shares * weights).sum(), 3.0), dtype=torch.float32)


def _log_one_minus(log_p: Tensor) -> Tensor:
    """log(1 - p), finite at p = 1."""
    return torch.log1p(-log_p.exp().clamp(max=1 - 1e-6))
