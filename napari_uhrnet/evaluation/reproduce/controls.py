"""A control beside the ablation: the prediction without any fusion."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.models.uhrnet.network import UHRNet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from napari_uhrnet.models.base.protocol import View
    from napari_uhrnet.models.registry import LoadedModel


class AveragedBranches(UHRNet):
    """A UHRNet whose fused branch is the mean of its branches' logits instead of their fusion."""

    def decode_patches(
        self, features: Tensor | None, views: Sequence[View] | None
    ) -> dict[str, Tensor]:
        """Logits (B, N, p / 4, p / 4) of the branches; both have the patches' cells."""
        logits = super().decode_patches(features, views)
        return {**logits, "fused": (logits["local"] + logits["global"]) / 2}


def averaged_branches(model: LoadedModel) -> LoadedModel:
    """The model with the mean of its local and global logits as its final prediction.

    Raises UserError if it is no UHRNet with both branches.
    """
    import torch

    network = model.network
    if not isinstance(network, UHRNet) or len(network.branches) < 3:
        raise UserError(f"{model.name}: is no UHRNet of two branches: nothing can be averaged")
    averaged = AveragedBranches(network.config)
    averaged.load_state_dict(network.state_dict())
    averaged = averaged.eval().requires_grad_(False).to(model.device)
    averaged = averaged.to(memory_format=torch.channels_last)
    return replace(
        model, name=f"{model.name}-average", network=averaged, hash=f"{model.hash}-average"
    )
