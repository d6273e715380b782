"""Fine-tuning on what a person reviewed: a run that can be stopped and resumed.

The run folder holds ``config.json``, ``log.csv`` (a line a step), ``status.json`` (the progress),
``state.pt``, and in the end ``finetuned.safetensors`` with its card and ``finetune.json`` with the
scores on held-out regions before and after. A file ``stop`` in it ends the run after a step.
"""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_uhrnet.engine.segment import segmented
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.mapping import ClassMapping
from napari_uhrnet.geometry.metrics import Confusion
from napari_uhrnet.models.base.checkpoint import save_checkpoint
from napari_uhrnet.models.base.config import UHRNetConfig
from napari_uhrnet.models.build import build_network
from napari_uhrnet.models.registry import choose_device
from napari_uhrnet.store.files.disk import disk_errors, write_whole
from napari_uhrnet.strict_json import read_object
from napari_uhrnet.training.data.sampling import Sampling, class_shares, draw_batch
from napari_uhrnet.training.finetune.reviewed import ReviewedSource, hold_out, regions_of
from napari_uhrnet.training.loop.devices import OneDevice
from napari_uhrnet.training.loop.fit import fit
from napari_uhrnet.training.loop.interrupts import interrupts
from napari_uhrnet.training.loop.losses import Objective, class_weights
from napari_uhrnet.training.loop.trainer import BACKBONES
from napari_uhrnet.training.run.config_file import STOP, save_config
from napari_uhrnet.training.run.start import warm_start

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.training.data.sampling import Source
    from napari_uhrnet.training.finetune.config import FineTuneConfig
    from napari_uhrnet.training.finetune.reviewed import Corrected, Region

STATUS, RESULT = "status.json", "finetune.json"
CHECKPOINT = "finetuned.safetensors"


class _Status:
    """Keeps ``status.json`` up to date."""

    def __init__(
        self, folder: Path, config: FineTuneConfig, tell: Callable[[dict[str, Any]], None]
    ) -> None:
        self._folder, self._tell = folder, tell
        self._now: dict[str, Any] = {
            "phase": "preparing",
            "step": 0,
            "steps": config.steps,
            "share": 0.0,
            "seconds_left": None,
            "message": "",
            "pixel_size_m": config.pixel_size_m,
        }

    def say(self, phase: str, **changes: Any) -> None:
        """Another phase, or more of it."""
        self._now |= {"share": 0.0, "seconds_left": None, "message": "", "phase": phase} | changes
        text = json.dumps(self._now) + "\n"
        with disk_errors(self._folder, "the run folder", "choose another --out"):
            write_whole(self._folder / STATUS, text.encode())
        self._tell(self._now)


def finetune(
    scenes: Sequence[Corrected],
    classes: ClassTable,
    start: LoadedModel,
    config: FineTuneConfig,
    folder: Path,
    *,
    rehearsal: Sequence[Source] = (),
    tell: Callable[[dict[str, Any]], None] = lambda status: None,
) -> dict[str, Any] | None:
    """Start a run or resume it; the content of ``finetune.json``, None if it was stopped.

    Only reviewed pixels are learned from and scored. Logits of classes that the start has by
    name are kept, others start anew. ``tell`` gets what is written into ``status.json``. Raises
    UserError.
    """
    status = _Status(folder, config, tell)
    try:
        return _run(scenes, classes, start, config, folder, rehearsal, status)
    except UserError as error:
        status.say("failed", message=str(error))
        raise


def _run(
    scenes: Sequence[Corrected],
    classes: ClassTable,
    start: LoadedModel,
    config: FineTuneConfig,
    folder: Path,
    rehearsal: Sequence[Source],
    status: _Status,
) -> dict[str, Any] | None:
    with disk_errors(folder, "the run folder", "choose another --out"):
        folder.mkdir(parents=True, exist_ok=True)
    save_config(folder, config)
    status.say("preparing")
    known = classes.without_ignored()
    regions = [r for k, s in enumerate(scenes) for r in regions_of(k, s.store)]
    trained, held = hold_out(regions, config.held_out, config.seed)
    before = _kept_before(folder)
    if before is None:
        status.say("scoring before")
        before = {"scores": score(scenes, held, start, classes, config.pixel_size_m)}
        with disk_errors(folder, "the run folder", "choose another --out"):
            write_whole(folder / "before.json", json.dumps(before).encode())
    model = _network(start, known, config)
    if not _fit(model, scenes, trained, known, config, folder, rehearsal, status):
        status.say("stopped", message="Stopped and saved.")
        return None
    found = {
        "checkpoint": CHECKPOINT,
        "before": before["scores"],
        "after": None,
        "held_out_px": sum(r.reviewed_px for r in held),
        "trained_px": sum(r.reviewed_px for r in trained),
        "classes": [c.name for c in known.classes],
    }
    tuned = _finished(model, start, known, config)
    status.say("scoring after")
    found["after"] = score(scenes, held, tuned, classes, config.pixel_size_m)
    _keep(folder, tuned, found, config)
    status.say("done", share=1.0, step=config.steps)
    return found


def _kept_before(folder: Path) -> dict[str, Any] | None:
    try:
        return read_object(folder / "before.json")
    except (FileNotFoundError, ValueError):
        return None


def _network(start: LoadedModel, known: ClassTable, config: FineTuneConfig) -> Any:
    torch.manual_seed(config.seed)
    shape = start.card.config.model_copy(update={"classes": len(known.classes)})
    model: Any = build_network(shape)
    weights = start.network.state_dict()  # type: ignore[attr-defined]
    warm_start(model, known, weights, start.classes)
    if config.heads_only:
        for name, parameter in model.named_parameters():
            parameter.requires_grad = not any(part in name for part in BACKBONES)
    return model


def _fit(
    model: Any,
    scenes: Sequence[Corrected],
    trained: Sequence[Region],
    known: ClassTable,
    config: FineTuneConfig,
    folder: Path,
    rehearsal: Sequence[Source],
    status: _Status,
) -> bool:
    """All steps that are left; False if somebody stopped it."""
    side = min(2 * model.patch_px, model.frame_px)
    share = 1 - config.rehearsal_share if rehearsal else 1.0
    own = ReviewedSource(scenes, trained, config.pixel_size_m, side, share)
    total = sum(source.share for source in rehearsal)
    for source in rehearsal:
        source.share *= config.rehearsal_share / total
    sources: list[Source] = [own, *rehearsal]
    shape = model.config
    regularisation = shape.feature_regularisation if isinstance(shape, UHRNetConfig) else 0.0
    weights = class_weights(class_shares([own], known))
    objective = Objective(weights, feature_regularisation=regularisation)
    sampling = Sampling(crop_px=side, crops=config.crops, balance=0.7)
    fitting = config.fit()
    device = OneDevice(choose_device(config.device), fitting.precision)

    def draw(rng: np.random.Generator) -> Any:
        return draw_batch(sources, sampling, rng)

    began, first, done = time.monotonic(), None, 0
    with (
        interrupts() as interrupted,
        closing(fit(model, draw, known, objective, fitting, folder, device)) as steps,
    ):
        for progress in steps:
            first = first or progress.step
            done = progress.step
            each = (time.monotonic() - began) / (done - first + 1)
            status.say(
                "training",
                step=done,
                share=done / config.steps,
                seconds_left=each * (config.steps - done),
                message=f"loss {progress.loss:.3f}",
            )
            asked = interrupted.is_set() or (folder / STOP).exists()
            if asked and done < config.steps:
                (folder / STOP).unlink(missing_ok=True)
                return False
    return True


def _finished(
    model: Any, start: LoadedModel, known: ClassTable, config: FineTuneConfig
) -> LoadedModel:
    """The network as one for inference."""
    card = start.card.model_copy(
        update={
            "name": f"{start.card.name}-finetuned",
            "title": f"{start.card.title}, fine-tuned",
            "config": model.config,
            "class_table": known.to_dict(),
            "pixel_size_m": config.pixel_size_m,
            "metrics": {},
        }
    )
    ready = model.eval().requires_grad_(False).to(start.device)
    return replace(start, name=card.name, network=ready, card=card, hash=f"{start.hash}-finetuned")


def score(
    scenes: Sequence[Corrected],
    held: Sequence[Region],
    model: LoadedModel,
    classes: ClassTable,
    pixel_size_m: float,
) -> dict[str, Any] | None:
    """MIoU (of the classes that are there), accuracy and IoU on reviewed pixels of regions.

    The network sees the scenes at ``pixel_size_m``. None if nothing is held out, or the network
    has none of the classes.
    """
    mapping = ClassMapping(model.classes, classes)
    if not held or len(mapping.unmatched) == len(model.classes.classes):
        return None
    card = model.card.model_copy(update={"pixel_size_m": pixel_size_m})
    scaled, confusion = replace(model, card=card), Confusion()
    for region in held:
        of = scenes[region.scene]
        with segmented(of.scene, scaled, region.window, pixel_size_m=of.pixel_size_m) as done:
            truth = of.store.read(region.window)
            truth[~of.store.reviewed(region.window)] = NOTHING
            confusion.add(truth, mapping.apply(done.read(region.window)))
    found = confusion.scores(classes).to_dict()
    present = {c.name for c in classes.without_ignored().classes if confusion.counts[c.id, :].sum()}
    iou = {name: value for name, value in found["iou"].items() if name in present}
    miou = float(np.mean(list(iou.values()))) if iou else 0.0
    return {"miou": miou, "accuracy": found["accuracy"], "iou": iou}


def _keep(folder: Path, tuned: LoadedModel, found: dict[str, Any], config: FineTuneConfig) -> None:
    own = "The terms of the scenes it was fine-tuned on apply too."
    card = tuned.card.model_copy(
        update={
            "terms": f"{tuned.card.terms} {own}",
            "training": {
                "data": f"{found['trained_px']} reviewed pixels",
                "start": config.start,
                "started from": tuned.card.training,
                **config.model_dump(mode="json", exclude={"start", "rehearsal"}),
            },
            "metrics": {"held-out reviewed regions": found["after"], "before": found["before"]},
        }
    )
    weights = tuned.network.state_dict()  # type: ignore[attr-defined]
    with disk_errors(folder, "the run folder", "choose another --out"):
        save_checkpoint(folder / CHECKPOINT, weights, card)
        write_whole(folder / RESULT, (json.dumps(found, indent=2) + "\n").encode())
