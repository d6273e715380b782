"""A run: stage after stage, with checkpoints, scores and pictures in its folder."""

from __future__ import annotations

import signal
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.extras import needs
from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.models.registry import choose_device
from napari_uhrnet.training.data.sampling import draw_batch
from napari_uhrnet.training.loop.devices import OneDevice
from napari_uhrnet.training.loop.fit import STATE, fit
from napari_uhrnet.training.loop.interrupts import interrupts
from napari_uhrnet.training.loop.memory import choose_patches_at_once, gigabytes, meter_of
from napari_uhrnet.training.loop.stages import enter_stage, follow_stage
from napari_uhrnet.training.loop.state import read_state, steps_done
from napari_uhrnet.training.loop.trainer import Trainer
from napari_uhrnet.training.run.config_file import save_config
from napari_uhrnet.training.run.records import Records
from napari_uhrnet.training.run.setup import prepare

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from napari_uhrnet.training.data.sampling import View
    from napari_uhrnet.training.loop.devices import Devices
    from napari_uhrnet.training.loop.trainer import Progress
    from napari_uhrnet.training.run.config import Stage, TrainConfig
    from napari_uhrnet.training.run.setup import Setup


class Watcher(Protocol):
    """Gets the progress of a run."""

    def note(self, message: str) -> None:
        """A remark for the user."""
        ...

    def step(self, progress: Progress, steps: int) -> None:
        """A step was done, of so many."""
        ...


def train(
    config: TrainConfig, folder: Path, watch: Callable[[], AbstractContextManager[Watcher]]
) -> bool:
    """Start the run of a folder, or resume it.

    The config is kept in the folder once data and network were found to be usable. ``watch`` is
    called in the process that reports. Ctrl-C ends the run after the running step, which is
    saved. Returns whether the run is done. Raises UserError.
    """
    if config.devices == 1:
        device = OneDevice(choose_device(config.accelerator), config.precision)
        return _work(device, config, folder, watch)
    fabric = _fabric(config)
    from torch.multiprocessing.spawn import ProcessRaisedException

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the processes get the signal themselves
    try:
        return bool(fabric.launch(_work, config, folder, watch))
    except ProcessRaisedException as error:
        last = str(error).strip().splitlines()[-1]
        kind, _, sentence = last.partition(": ")
        if kind.endswith(UserError.__name__):
            raise UserError(sentence) from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def _fabric(config: TrainConfig) -> Any:
    needs("lightning", "train", "training on several devices")
    from lightning.fabric import Fabric

    try:
        return Fabric(
            accelerator=config.accelerator,
            devices=config.devices,
            precision=config.precision,
            strategy="ddp_spawn",
        )
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"training: {config.devices} x {config.accelerator} cannot be used ({reason})"
        ) from None


def _work(
    devices: Devices,
    config: TrainConfig,
    folder: Path,
    watch: Callable[[], AbstractContextManager[Watcher]],
) -> bool:
    """One process's share of a run."""
    with _watched(devices, watch) as watcher, interrupts() as stop:
        setup = prepare(config, watcher.note)
        config = _within_budget(config, setup, devices, watcher)
        meter = meter_of(devices.device)
        meter.reset()
        records = None
        if devices.is_global_zero:
            save_config(folder, config)
            setup.parts.keep(folder)
            records = Records(folder, config, setup, devices.device, watcher.note)
        try:
            done = _run(config, setup, folder, devices, watcher, records, stop)
        finally:
            if records is not None:
                records.close()
            setup.close()
        watcher.note(f"at most {gigabytes(meter.peak_bytes())} of memory were held")
    return done


def _run(
    config: TrainConfig,
    setup: Setup,
    folder: Path,
    devices: Devices,
    watcher: Watcher,
    records: Records | None,
    stop: threading.Event,
) -> bool:
    """All steps that are left, or those until somebody stops; whether all are done."""
    with closing(_steps(config, setup, folder, devices)) as steps:
        for progress in steps:
            watcher.step(progress, config.steps)
            stopping = _agreed(devices, stop.is_set())
            if records is not None:
                records.after(progress, stopping=stopping)
            if stopping and progress.step < config.steps:
                return False
    if records is not None:
        records.complete()
    return True


def _steps(
    config: TrainConfig, setup: Setup, folder: Path, devices: Devices
) -> Generator[Progress, None, None]:
    """Every step of every stage that is left; closing it saves and stops."""
    model, before = setup.network, None
    done, first = steps_done(folder / STATE), 0
    sampling = config.sampling(model.patch_px, model.frame_px)

    def draw(rng: np.random.Generator) -> list[View]:
        return draw_batch(setup.train, sampling, rng)

    for stage in config.stages:
        end = first + stage.steps
        if done < end:
            _begin(model, stage, before, done == first, folder)
            yield from fit(
                model,
                draw,
                setup.classes,
                setup.objective,
                config.fit(stage, setup.learned_statistics),
                folder,
                devices,
                first,
            )
        before, first = stage, end


def _begin(model: Any, stage: Stage, before: Stage | None, resumed: bool, folder: Path) -> None:
    """Weights as the stage before left them, and what is to be trained now."""
    if before is not None:
        if resumed:
            state = read_state(folder / STATE, torch.device("cpu"), model)
            model.load_state_dict(state["average"])
        follow_stage(model, before.name)
    enter_stage(model, stage.name)


def _within_budget(
    config: TrainConfig, setup: Setup, devices: Devices, watcher: Watcher
) -> TrainConfig:
    """The config with a number of patches at once that fits the memory budget."""
    if config.memory_budget_bytes is None or config.patches_at_once is not None:
        return config
    if devices.world_size > 1:
        raise UserError("training: a memory budget is measured with one device only")
    sampling = config.sampling(setup.network.patch_px, setup.network.frame_px)
    drawn = [
        draw_batch(setup.train, sampling, np.random.default_rng([config.seed, k])) for k in range(8)
    ]
    views = max(drawn, key=lambda batch: sum(v[1].size for v in batch))
    enter_stage(setup.network, config.stages[0].name)
    meter = meter_of(devices.device)

    def measure(count: int) -> int:
        fit_config = config.model_copy(update={"patches_at_once": count}).fit(config.stages[0])
        trainer = Trainer(setup.network, setup.classes, setup.objective, fit_config, devices)
        meter.reset()
        trainer.gradients(views)
        trainer.optimizer.zero_grad(set_to_none=True)
        moments = 2 * sum(p.nbytes for p in setup.network.parameters() if p.requires_grad)
        return meter.peak_bytes() + moments

    grid = PatchGrid(views[0][1].shape, setup.network.patch_px, setup.network.min_overlap_px)
    at_most = len(views) * len(grid)
    count, expected = choose_patches_at_once(measure, config.memory_budget_bytes, at_most)
    watcher.note(f"{count} patches at once: {gigabytes(expected)} are expected to be held")
    return config.model_copy(update={"patches_at_once": count})


def _agreed(devices: Devices, flag: bool) -> bool:
    """Whether any process wants it: all must stop after the same step."""
    if devices.world_size == 1:
        return flag
    wanted = devices.all_reduce(torch.tensor(float(flag), device=devices.device), reduce_op="sum")
    return bool(wanted > 0)


@contextmanager
def _watched(
    devices: Devices, watch: Callable[[], AbstractContextManager[Watcher]]
) -> Iterator[Watcher]:
    if devices.is_global_zero:
        with watch() as watcher:
            yield watcher
    else:
        yield _Silent()


class _Silent:
    """Reports of the other processes are dropped: the first one's are the same."""

    def note(self, message: str) -> None:
        pass

    def step(self, progress: Progress, steps: int) -> None:
        pass
