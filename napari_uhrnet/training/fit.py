"""The training loop: resumable at any moment, the same result with or without a break."""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING, ClassTable
from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.models.uhrnet import UHRNet, segment_frames
from napari_uhrnet.training.augment import random_colour, random_crop, random_turn
from napari_uhrnet.training.losses import patch_losses, total_loss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_uhrnet.training.frames import Frame

DrawFrame = "Callable[[np.random.Generator], Frame]"


@dataclass(frozen=True)
class FitConfig:
    """How long and how hard to train."""

    steps: int = 2000
    batch_frames: int = 3
    crop_px: int = 512
    rate_heads: float = 1e-3
    rate_backbones: float = 3e-4
    weight_decay: float = 1e-2
    warmup_steps: int = 50
    colour_strength: float = 0.2
    averaging: float = 0.998
    save_every_steps: int = 50
    seed: int = 0


@dataclass
class Progress:
    """One step: its number (from 1), the loss and the loss of each branch."""

    step: int
    loss: float
    branches: dict[str, float] = field(default_factory=dict)


def learning_rate(step: int, config: FitConfig) -> float:
    """Factor of the rates: linear warm-up, then a cosine to zero."""
    if step < config.warmup_steps:
        return (step + 1) / config.warmup_steps
    done = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def fit(
    model: UHRNet,
    draw: Callable[[np.random.Generator], Frame],
    classes: ClassTable,
    class_weights: np.ndarray[Any, Any],
    config: FitConfig,
    folder: Path,
) -> Iterator[Progress]:
    """Train, yielding after every step; closing the generator stops.

    ``draw`` gives a frame for a random generator; every step has a generator of its own, made from
    the seed and the step's number, so a run that was broken off draws what it would have drawn.
    ``folder`` holds ``state.pt`` (weights, their running average, optimiser) and ``log.csv``. The
    weights of ``model`` are the running average when the last step is done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trainer = _Trainer(model, classes, class_weights, config)
    first = trainer.restore(folder / "state.pt")
    for step in range(first, config.steps):
        rng = np.random.default_rng([config.seed, step])
        progress = trainer.step(
            step, [_view(draw, config, rng) for _ in range(config.batch_frames)]
        )
        _log(folder / "log.csv", progress)
        if (step + 1) % config.save_every_steps == 0 or step + 1 == config.steps:
            trainer.save(folder / "state.pt", step + 1)
        yield progress
    model.load_state_dict(trainer.average)


def _view(
    draw: Callable[[np.random.Generator], Frame], config: FitConfig, rng: np.random.Generator
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    frame = random_turn(random_crop(draw(rng), config.crop_px, rng), rng)
    return random_colour(frame.pixels, config.colour_strength, rng), frame.labels


def _log(path: Path, progress: Progress) -> None:
    row = {"step": progress.step, "loss": progress.loss, **progress.branches}
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row)
        if new:
            writer.writeheader()
        writer.writerow({k: f"{v:.5g}" for k, v in row.items()})


class _Trainer:
    """Model, optimiser and running average of the weights."""

    def __init__(
        self,
        model: UHRNet,
        classes: ClassTable,
        class_weights: np.ndarray[Any, Any],
        config: FitConfig,
    ) -> None:
        self.model = model.to(memory_format=torch.channels_last)
        self.config = config
        self.weights = torch.as_tensor(class_weights, dtype=torch.float32)
        self.channels = torch.full((256,), NOTHING, dtype=torch.int64)
        self.channels[torch.as_tensor(classes.ids, dtype=torch.int64)] = torch.arange(
            len(classes.ids)
        )
        backbones = [*model.global_branch.backbone.parameters()]
        backbones += [*model.local_branch.backbone.parameters()]
        known = {id(p) for p in backbones}
        heads = [p for p in model.parameters() if id(p) not in known]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": backbones, "base": config.rate_backbones},
                {"params": heads, "base": config.rate_heads},
            ],
            weight_decay=config.weight_decay,
        )
        self.average = {k: v.clone() for k, v in model.state_dict().items()}

    def step(
        self, step: int, views: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]
    ) -> Progress:
        """One step of the optimiser on frames of one size."""
        self.model.train()
        for module in self.model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()  # the backbones keep ImageNet's statistics: batches are tiny
        factor = learning_rate(step, self.config)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * factor
        frames, labels = self._batch(views)
        grid = PatchGrid(labels.shape[-2:], self.model.patch_px, self.model.min_overlap_px)  # type: ignore[arg-type]
        losses = patch_losses(segment_frames(self.model, frames), labels, grid, self.weights)
        loss = total_loss(losses)
        if not torch.isfinite(loss):
            raise UserError(
                f"training: the loss of step {step + 1} is not a number: lower the rates"
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self._follow(step)
        return Progress(step + 1, loss.item(), {k: v.item() for k, v in losses.items()})

    def _batch(
        self, views: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]
    ) -> tuple[Tensor, Tensor]:
        height = min(v[1].shape[0] for v in views)
        width = min(v[1].shape[1] for v in views)
        pixels = np.stack([v[0][:height, :width] for v in views])
        labels = np.stack([v[1][:height, :width] for v in views])
        frames = torch.from_numpy(pixels).permute(0, 3, 1, 2)
        return frames, self.channels[torch.from_numpy(labels).long()]

    def _follow(self, step: int) -> None:
        # The average forgets quickly at first, so that the start's weights do not linger.
        keep = min(self.config.averaging, (step + 1) / (step + 10))
        for key, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[key].lerp_(value, 1 - keep)
            else:
                self.average[key].copy_(value)

    def save(self, path: Path, step: int) -> None:
        """Everything a later run needs; whole or not at all."""
        part = path.with_suffix(".part")
        state = {
            "step": step,
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, part)
        os.replace(part, path)

    def restore(self, path: Path) -> int:
        """The number of steps that are done."""
        if not path.exists():
            return 0
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])
