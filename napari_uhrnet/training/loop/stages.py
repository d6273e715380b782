"""Which part of a network is trained: all of it, or one part after the other as in GLNet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from torch import nn

from napari_uhrnet.errors import UserError
from napari_uhrnet.models.glnet.tiled import TiledGLNet
from napari_uhrnet.models.uhrnet.network import UHRNet

if TYPE_CHECKING:
    from napari_uhrnet.models.build import Network

StageName = Literal["joint", "global", "local", "fusions", "readout"]

_UHRNET = {
    "global": ("global_branch.", "global_head."),
    "local": ("local_", "descriptor.", "fused_head.", "global_local_fusion.", "frame_fusion."),
    "fusions": (
        "local_fusion.",
        "descriptor.",
        "fused_head.",
        "global_local_fusion.",
        "frame_fusion.",
    ),
    "readout": (
        "global_branch.",
        "global_head.",
        "frame_fusion.",
        "fused_head.",
        "global_local_fusion.",
    ),
}
_GLNET = {
    "global": ("network.resnet_global.", "network.fpn_global."),
    "local": ("network.resnet_local.", "network.fpn_local.", "network.ensemble_conv."),
    "fusions": ("network.ensemble_conv.",),
    "readout": ("network.resnet_global.", "network.fpn_global.", "network.ensemble_conv."),
}

_RATE_FACTORS: dict[StageName, float] = {"fusions": 3.0}


def rate_factor(stage: StageName) -> float:
    """How much larger the rate of new layers is in a stage.

    The last layers of the fusions start at zero and have to grow (choice; not measured against
    the plain rate).
    """
    return _RATE_FACTORS.get(stage, 1.0)


def enter_stage(model: Network, stage: StageName) -> None:
    """Freeze all but the stage's part, and have the network compute no more than it needs.

    "global" trains the global branch and its head, on its own logits; "local" the local branch and
    the fusions; "fusions" local feature fusion and the one global-local fusion, with both branches
    and their heads frozen (of GLNet its last convolution over both); "readout" what comes after
    patches were merged into the frame, the global branch included, with the local branch frozen;
    "joint" everything.

    Raises UserError if the network has no such part.
    """
    parts = _parts(model, stage)
    trained = 0
    for name, p in model.named_parameters():
        p.requires_grad = name.startswith(parts)
        p.grad = None  # what is frozen now must not count when gradients are clipped
        trained += p.requires_grad
    if not trained:
        raise UserError(f"stage {stage!r}: this network has no such part: train it with joint")
    _ask_for(model, stage)


def train_mode(model: nn.Module, learned: frozenset[str] = frozenset()) -> None:
    """Training mode, but frozen parts stay in inference mode.

    So do batch norms, which keep the statistics they started with, since batches are tiny; except
    those named in ``learned`` (see `without_statistics`).
    """
    model.train()
    for name, module in model.named_modules():
        parameters = list(module.parameters())
        frozen = parameters and not any(p.requires_grad for p in parameters)
        if frozen or (isinstance(module, nn.BatchNorm2d) and name not in learned):
            module.eval()


def without_statistics(model: nn.Module) -> frozenset[str]:
    """Names of the batch norms without statistics, as in a new network."""
    return frozenset(
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.BatchNorm2d)
        and module.running_mean is not None
        and module.running_var is not None
        and not module.running_mean.any()
        and bool((module.running_var == 1).all())
    )


def _parts(model: Network, stage: StageName) -> tuple[str, ...]:
    if stage == "joint":
        return ("",)
    if stage == "readout" and not _merges(model):
        raise UserError("stage 'readout': this network does not merge patches into its frame")
    if isinstance(model, UHRNet):
        return _UHRNET[stage]
    if isinstance(model, TiledGLNet) and (stage == "global" or model.config.mode > 1):
        return _GLNET[stage]
    raise UserError(f"stage {stage!r}: this network has no such part: train it with joint")


def _merges(model: Network) -> bool:
    if isinstance(model, UHRNet):
        return model.config.readout == "into_frame"
    return isinstance(model, TiledGLNet) and model.config.mode == 3


def _ask_for(model: Any, stage: StageName) -> None:
    """Global branches are trained without patches, GLNet's local one without the merged frame."""
    alone = stage == "global"
    if isinstance(model, UHRNet):
        config = model.config
        model.needs_patches = config.use_local and not alone
        model.needs_neighbours = model.needs_patches and config.local_fusion
        model.needs_whole_frame = not alone and config.readout == "into_frame"
    elif isinstance(model, TiledGLNet):
        model.needs_patches = model.encodes_with_frame = model.config.mode > 1 and not alone
        model.needs_whole_frame = model.config.mode == 3 and stage in ("joint", "readout")


def follow_stage(model: Network, stage: StageName) -> None:
    """After a stage: GLNet's frozen copy, which patches are seen with, becomes what was trained."""
    if isinstance(model, TiledGLNet) and model.config.mode == 3 and stage in ("global", "local"):
        model.frozen_global.load_state_dict(model.network.state_dict())
