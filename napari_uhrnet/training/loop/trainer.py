"""Model, optimiser and running average: one step at a time, saved and restored."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING, ClassTable
from napari_uhrnet.training.data.frames import NOT_OF
from napari_uhrnet.training.loop.accumulate import accumulate
from napari_uhrnet.training.loop.losses import ANYTHING_BUT
from napari_uhrnet.training.loop.precision import Precision, spare_depthwise
from napari_uhrnet.training.loop.stages import train_mode
from napari_uhrnet.training.loop.state import read_state, write_state

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uhrnet.training.data.sampling import View
    from napari_uhrnet.training.loop.devices import Devices
    from napari_uhrnet.training.loop.losses import Objective

BACKBONES = ("backbone.", "resnet_global.", "resnet_local.", "encoder.")
"""Names of the parts that start from other weights than random ones, in all networks."""


@dataclass(frozen=True)
class FitConfig:
    """How long and how hard to train.

    Rates are AdamW's at the top of the schedule, for new layers and for pretrained ones;
    ``averaging`` is the share of the running average of the weights that stays in a step;
    ``learned_statistics`` names the batch norms that learn theirs (`stages.without_statistics`).
    """

    steps: int = 2000
    rate_heads: float = 1e-3
    rate_backbones: float = 3e-4
    schedule: Literal["cosine", "poly"] = "cosine"
    weight_decay: float = 1e-2
    warmup_steps: int = 50
    averaging: float = 0.998
    largest_gradient: float = 5.0
    patches_at_once: int | None = None
    save_every_steps: int = 50
    seed: int = 0
    precision: Precision = "32-true"
    learned_statistics: frozenset[str] = frozenset()


@dataclass
class Progress:
    """One step: its number (from 1), the loss and the loss of each branch.

    ``average`` is the running average of the weights, the trainer's own: read it before the next
    step, and do not change it.
    """

    step: int
    loss: float
    branches: dict[str, float] = field(default_factory=dict)
    average: dict[str, Tensor] = field(default_factory=dict, repr=False)


def learning_rate(step: int, config: FitConfig) -> float:
    """Factor of the rates: linear warm-up, then a cosine or (1 - t) ** 0.9 to zero."""
    if step < config.warmup_steps:
        return (step + 1) / config.warmup_steps
    done = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    done = min(done, 1.0)
    if config.schedule == "poly":
        return float((1 - done) ** 0.9)
    return 0.5 * (1 + math.cos(math.pi * done))


class Trainer:
    """Trains the parameters of a model that require a gradient; steps count from 0."""

    def __init__(
        self,
        model: nn.Module,
        classes: ClassTable,
        objective: Objective,
        config: FitConfig,
        devices: Devices,
    ) -> None:
        self.model: Any = model.to(devices.device).to(memory_format=torch.channels_last)
        self.objective = objective
        self.config = config
        self.devices = devices
        if devices.device.type == "cpu" and config.precision == "bf16-mixed":
            spare_depthwise(model)
        self.channels = _channels(classes).to(devices.device)
        self.optimizer = _optimizer(model, config)
        self.average = {k: v.clone() for k, v in model.state_dict().items()}

    def step(self, step: int, views: list[View]) -> Progress:
        """One step of the optimiser on views of one size."""
        factor = learning_rate(step, self.config)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * factor
        said = self.gradients(views)
        total = self._joint(torch.tensor(said.pop("total"))).item()
        if not math.isfinite(total):
            raise UserError(
                f"training: the loss of step {step + 1} is not a number: lower the rates"
            )
        self._share_gradients()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.largest_gradient)
        self.optimizer.step()
        self._follow(step)
        return Progress(step + 1, total, said, self.average)

    def gradients(self, views: list[View]) -> dict[str, float]:
        """Set the gradients of a batch of views; its losses."""
        train_mode(self.model, self.config.learned_statistics)
        self.optimizer.zero_grad(set_to_none=True)
        frames, labels = self._batch(views)
        with self.devices.autocast():
            return accumulate(
                self.model,
                frames,
                labels,
                self.objective,
                self.config.patches_at_once,
                joint=self._joint,
            )

    def _batch(self, views: list[View]) -> tuple[Tensor, Tensor]:
        frames = torch.from_numpy(np.stack([v[0] for v in views])).permute(0, 3, 1, 2)
        labels = torch.from_numpy(np.stack([v[1] for v in views]).astype(np.int64))
        device = self.devices.device
        return frames.to(device), self.channels[labels.to(device)]

    def _joint(self, value: Tensor) -> Tensor:
        """The mean of a number over all processes."""
        return self.devices.all_reduce(value, reduce_op="mean")

    def _share_gradients(self) -> None:
        """The mean over all processes; patches of a step are more than one backward pass."""
        for p in self.model.parameters():
            if p.grad is not None:
                p.grad = self._joint(p.grad)

    def _follow(self, step: int) -> None:
        # The average forgets quickly at first, so that the start's weights do not linger.
        keep = min(self.config.averaging, (step + 1) / (step + 10))
        for key, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[key].lerp_(value, 1 - keep)
            else:
                self.average[key].copy_(value)

    def save(self, path: Path, step: int) -> None:
        """Everything a later run needs, after ``step`` steps; whole or not at all."""
        state = {
            "step": step,
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
        }
        write_state(path, state)

    def restore(self, path: Path, first: int, end: int) -> int:
        """The number of steps that are done, of a stage from step ``first`` to ``end``.

        A stage that has not begun has the weights that the model came with; one that is done has
        left the average.
        """
        if not path.exists():
            return first
        state = read_state(path, self.devices.device, self.model)
        done = int(state["step"])
        if done <= first:
            return first
        self.average = state["average"]
        if done >= end:
            return end
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        return done


def _optimizer(model: nn.Module, config: FitConfig) -> torch.optim.Optimizer:
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    backbones = [p for name, p in trained if any(part in name for part in BACKBONES)]
    heads = [p for name, p in trained if not any(part in name for part in BACKBONES)]
    groups = [
        {"params": backbones, "base": config.rate_backbones},
        {"params": heads, "base": config.rate_heads},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], weight_decay=config.weight_decay
    )


def _channels(classes: ClassTable) -> Tensor:
    """(512,) int64: what `training.loop.losses` makes of a label of a frame."""
    table = torch.full((2 * NOT_OF,), NOTHING, dtype=torch.int64)
    for channel, label in enumerate(classes.ids.tolist()):
        table[label] = channel
        table[NOT_OF + label] = ANYTHING_BUT + channel
    return table
