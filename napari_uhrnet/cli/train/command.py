"""The command ``train``: from folders of images and masks to a checkpoint."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import typer

from napari_uhrnet.cli.kit.folders import data_folder
from napari_uhrnet.cli.kit.output import say
from napari_uhrnet.cli.kit.progress import ProgressLine
from napari_uhrnet.cli.train import options as o  # noqa: TC001 (typer reads them)
from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

    from napari_uhrnet.training.loop.trainer import Progress


def register(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(train)


def train(
    out: o.Out,
    data: o.Data = None,
    resume: o.Resume = False,
    model: o.Model = None,
    start: o.Start = None,
    backbone: o.Backbone = None,
    classes: o.Classes = None,
    split: o.Split = None,
    train_part: o.TrainPart = None,
    val_part: o.ValPart = None,
    hold_out: o.HoldOut = None,
    made: o.Made = None,
    pixel_size: o.PixelSize = None,
    steps: o.Steps = None,
    stage: o.Stages = None,
    seed: o.Seed = None,
    loss: o.LossForm = None,
    schedule: o.RateSchedule = None,
    rate: o.Rate = None,
    crop: o.Crop = None,
    batch: o.Batch = None,
    balance: o.Balance = None,
    colour: o.Colour = None,
    zoom: o.Zoom = None,
    precision: o.InPrecision = None,
    accelerator: o.OnAccelerator = None,
    devices: o.Devices = None,
    memory_budget: o.Memory = None,
    cache: o.Cache = None,
    validate_every: o.ValidateEvery = None,
    save_every: o.SaveEvery = None,
) -> None:
    """Train a network on images with masks; a stopped run can be resumed."""
    options = {k: v for k, v in locals().items() if k not in ("out", "resume")}
    run_training(out, _settings(options), resume=resume)


def run_training(folder: Path, asked: dict[str, Any], *, resume: bool) -> None:
    """Start a run, or resume one; settings that are not given have their defaults."""
    from napari_uhrnet.store.files.inputs import check_apart
    from napari_uhrnet.training.run.config import TrainConfig
    from napari_uhrnet.training.run.config_file import (
        check_new,
        check_same,
        load_config,
        new_config,
    )
    from napari_uhrnet.training.run.run import train as train_run

    if resume:
        config = load_config(TrainConfig, folder)
        check_same(folder, config, asked)
    else:
        check_new(folder)
        check_apart(folder, _inputs(asked))
        config = new_config(TrainConfig, asked)
    if not train_run(config, folder, TrainingLine):
        say(f"stopped and saved: napari-uhrnet train --resume --out {folder} resumes")
        raise typer.Abort
    say(f"{folder}: {config.steps} steps are done, last.safetensors is the checkpoint")


def _inputs(asked: dict[str, Any]) -> list[Any]:
    folders = [data["folder"] for data in asked.get("data", ())]
    return [*folders, *(asked.get(name) for name in ("start", "classes", "split"))]


class TrainingLine:
    """Loss, seconds a step and the time that is left, on a line of a terminal."""

    def __init__(self) -> None:
        self._line = ProgressLine("training")
        self._before: float | None = None
        self._seconds = 0.0

    def __enter__(self) -> Self:
        self._line.__enter__()
        return self

    def __exit__(self, *reason: object) -> None:
        self._line.__exit__(*reason)

    def note(self, message: str) -> None:
        """A remark for the user."""
        self._line.note(message)

    def step(self, progress: Progress, steps: int) -> None:
        """A step was done; the time left is estimated from the mean of the last steps."""
        now = time.monotonic()
        if self._before is not None:
            spent = now - self._before
            self._seconds = 0.95 * self._seconds + 0.05 * spent if self._seconds else spent
        self._before = now
        left = self._seconds * (steps - progress.step) if self._seconds else None
        self._line.steps(progress.step, steps, progress.loss, self._seconds, left)


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    """Fields of `TrainConfig` from what was given on the command line."""
    given = {name: value for name, value in options.items() if value is not None}
    stage, steps = given.pop("stage", None), given.pop("steps", None)
    settings = {
        _FIELDS.get(name, name): _READ[name](value) if name in _READ else value
        for name, value in given.items()
    }
    if stage is not None or steps is not None:
        settings["stages"] = _stages(stage, steps)
    if "rate_heads" in settings:
        settings["rate_backbones"] = 0.3 * settings["rate_heads"]
    return settings


def _folders(texts: list[str]) -> tuple[dict[str, Any], ...]:
    return tuple(data_folder(text) for text in texts)


def _place(name_or_file: str) -> str:
    """Files by their whole path, so that a run can be resumed from another folder."""
    path = Path(name_or_file)
    return str(path.resolve()) if path.exists() else name_or_file


def _stages(text: str | None, steps: int | None) -> tuple[dict[str, Any], ...]:
    """Stages with their steps, or with the common number of steps."""
    from napari_uhrnet.training.run.config import DEFAULT_STAGE

    stages = []
    for part in (DEFAULT_STAGE.name if text is None else text).split(","):
        name, _, own = part.strip().partition(":")
        if own and not own.isdecimal():
            raise UserError(f"stage {part!r}: write NAME:STEPS, such as local:3800")
        stages.append({"name": name, "steps": _steps(own, steps)})
    return tuple(stages)


def _steps(own: str, common: int | None) -> int:
    """Zero is a number, too: it is for the config to refuse it."""
    from napari_uhrnet.training.run.config import DEFAULT_STAGE

    if own:
        return int(own)
    return DEFAULT_STAGE.steps if common is None else common


def _two_numbers(text: str) -> tuple[float, float]:
    try:
        low, high = (float(v) for v in text.split(","))
    except ValueError:
        raise UserError(f"zoom {text!r}: write two factors, such as 0.85,1.3") from None
    return low, high


def _bytes(text: str) -> int:
    from napari_uhrnet.training.loop.memory import parse_bytes

    return parse_bytes(text)


def _value(choice: StrEnum) -> str:
    return str(choice.value)


_FIELDS = {
    "pixel_size": "pixel_size_m",
    "rate": "rate_heads",
    "crop": "crop_px",
    "batch": "crops",
    "memory_budget": "memory_budget_bytes",
    "cache": "cache_bytes",
    "validate_every": "validate_every_steps",
    "save_every": "save_every_steps",
}
"""Options whose field has another name."""

_READ: dict[str, Callable[[Any], Any]] = {
    "data": _folders,
    "classes": _place,
    "split": _place,
    "start": _place,
    "zoom": _two_numbers,
    "memory_budget": _bytes,
    "cache": _bytes,
    "loss": _value,
    "schedule": _value,
    "precision": _value,
    "accelerator": _value,
}
"""Options that are not taken as they are."""
