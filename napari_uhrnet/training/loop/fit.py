"""The training loop: resumable at any moment, the same result with or without a break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_uhrnet.training.loop.devices import OneDevice
from napari_uhrnet.training.loop.log import StepLog
from napari_uhrnet.training.loop.trainer import FitConfig, Progress, Trainer, learning_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from torch import nn

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.training.data.sampling import View
    from napari_uhrnet.training.loop.devices import Devices
    from napari_uhrnet.training.loop.losses import Objective

__all__ = ["FitConfig", "Progress", "fit", "learning_rate"]

STATE = "state.pt"


def fit(
    model: nn.Module,
    draw: Callable[[np.random.Generator], list[View]],
    classes: ClassTable,
    objective: Objective,
    config: FitConfig,
    folder: Path,
    devices: Devices | None = None,
    first: int = 0,
) -> Generator[Progress, None, None]:
    """Train, yielding after every step; closing the generator saves and stops.

    ``draw`` gives the views of one batch for a random generator; every step has a generator of its
    own, made from the seed, the step's number and the process's rank, so a run that was broken off
    draws what it would have drawn. ``folder`` holds ``state.pt`` (weights, their running average,
    optimiser) and ``log.csv``. The weights of ``model`` are the running average when the last step
    is done. Frozen parameters (``requires_grad`` off) stay as they are. ``devices`` are by default
    one CPU; a Fabric must be launched already. ``first`` is the number of steps of the stages
    before: steps count on from it, and ``model`` comes as those stages left it.
    """
    devices = devices or OneDevice(torch.device("cpu"), config.precision)
    folder.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(model, classes, objective, config, devices)
    end = first + config.steps
    start = trainer.restore(folder / STATE, first, end)
    log = StepLog(folder / "log.csv", start) if devices.is_global_zero else None
    for step in range(start, end):
        seeds = np.random.SeedSequence([config.seed, step, devices.global_rank])
        torch.manual_seed(int(seeds.generate_state(1)[0]))  # what drop-out drops
        views = draw(np.random.default_rng([config.seed, step, devices.global_rank]))
        progress = trainer.step(step - first, views)
        progress.step = step + 1
        saved = (step + 1) % config.save_every_steps == 0 or step + 1 == end
        if log is not None:
            log.add({"step": progress.step, "loss": progress.loss, **progress.branches})
            if saved:
                trainer.save(folder / STATE, step + 1)
        try:
            yield progress
        except GeneratorExit:
            if log is not None and not saved:
                trainer.save(folder / STATE, step + 1)
            raise
    model.load_state_dict(trainer.average)
