"""What ``finetune`` does: opens a project's scenes, trains, and prints what that changed."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import typer

from napari_uhrnet.cli.kit.folders import data_folder
from napari_uhrnet.cli.kit.opening import opened
from napari_uhrnet.cli.kit.output import say
from napari_uhrnet.cli.kit.progress import ProgressLine
from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.session.project.project import Project
    from napari_uhrnet.training.finetune.reviewed import Corrected

_FIELDS = {"model": "start", "pixel_size": "pixel_size_m", "rehearse": "rehearsal"}
"""Options whose field of `FineTuneConfig` has another name."""


def finetune_project(folder: Path, out: Path, asked: dict[str, Any], *, resume: bool) -> None:
    """Start a run, or resume one; options that are not in ``asked`` have their defaults."""
    from napari_uhrnet.training.run.config_file import STOP

    if resume:  # as early as possible: interrupts are noted from now on
        (out / STOP).unlink(missing_ok=True)
    from napari_uhrnet.models.registry import DEFAULT_MODEL, load_model
    from napari_uhrnet.session.project.project import Project
    from napari_uhrnet.store.files.inputs import check_apart
    from napari_uhrnet.training.finetune.config import FineTuneConfig
    from napari_uhrnet.training.finetune.finetune import finetune
    from napari_uhrnet.training.finetune.rehearsal import open_rehearsal
    from napari_uhrnet.training.loop.precision import quick_precision
    from napari_uhrnet.training.run.config_file import (
        check_new,
        check_same,
        load_config,
        new_config,
    )

    settings = {_FIELDS.get(name, name): value for name, value in asked.items()}
    if "rehearsal" in settings:
        settings["rehearsal"] = [data_folder(text) for text in settings["rehearsal"]]
    project = Project.open(folder)
    config = load_config(FineTuneConfig, out) if resume else None
    if config is None:
        check_new(out)
        rehearsed = [data["folder"] for data in settings.get("rehearsal", ())]
        check_apart(out, [folder, settings.get("start"), *rehearsed])
    else:
        check_same(out, config, settings)
    name = config.start if config else settings.get("start", DEFAULT_MODEL)
    start = load_model(name, settings.get("device", "auto"))
    with ExitStack() as cleanup, ProgressLine("fine-tuning") as line:
        scenes = _corrected(project, start, cleanup, line.note)
        if config is None:
            pixel_size_m = settings.get("pixel_size_m") or _scale(scenes, start, project, line.note)
            settings |= {"start": name, "pixel_size_m": pixel_size_m}
            settings["precision"] = quick_precision(start.device)
            config = new_config(FineTuneConfig, settings)
        rehearsal = []
        for data in config.rehearsal:
            source = open_rehearsal(data, project.classes, config.pixel_size_m)
            cleanup.callback(source.close)
            rehearsal.append(source)
        found = finetune(
            scenes, project.classes, start, config, out, rehearsal=rehearsal, tell=_teller(line)
        )
    if found is None:
        say(f"stopped and saved: napari-uhrnet finetune {folder} --out {out} --resume")
        raise typer.Abort
    say(_summary(found))
    say(f"{out / found['checkpoint']} is the checkpoint")


def _corrected(
    project: Project, start: LoadedModel, cleanup: ExitStack, note: Callable[[str], None]
) -> list[Corrected]:
    """The scenes of a project of which anything is reviewed."""
    from napari_uhrnet.training.finetune.reviewed import Corrected

    scenes = []
    for entry in project.scenes:
        store = cleanup.enter_context(project.annotations(entry))
        if not store.counts().reviewed_px:
            continue
        scene = cleanup.enter_context(opened(project.find(entry), entry.pixel_size_m))
        pixel_size_m = entry.pixel_size_m or scene.pixel_size_m
        if pixel_size_m is None:
            pixel_size_m = start.card.pixel_size_m
            note(f"{scene.name}: no pixel size is known, {pixel_size_m:g} m is assumed")
        scenes.append(Corrected(scene, store, pixel_size_m))
    if not scenes:
        raise UserError(
            f"{project.folder}: nothing is reviewed in this project: mark correct regions as "
            "reviewed first"
        )
    return scenes


def _scale(
    scenes: list[Corrected], start: LoadedModel, project: Project, note: Callable[[str], None]
) -> float:
    from napari_uhrnet.training.finetune.config import scale_of

    size_m = scale_of(scenes, start, project.classes)
    note(f"the network sees {size_m:g} m per pixel; change it with --pixel-size")
    return size_m


def _teller(line: ProgressLine) -> Callable[[dict[str, Any]], None]:
    def tell(status: dict[str, Any]) -> None:
        line.detailed(status["share"], _detail(status))

    return tell


def _detail(status: dict[str, Any]) -> str:
    phase = f"{status['phase']} {status['message']}".strip()
    return f"{phase}, step {status['step']} of {status['steps']}" if status["step"] else phase


def _summary(found: dict[str, Any]) -> str:
    after = found["after"]
    if after is None:
        return "nothing was held out, so nothing was scored"
    before = found["before"]
    was = "has none of the classes" if before is None else f"{before['miou']:.3f}"
    return (
        f"mIoU on {found['held_out_px']} held-out reviewed pixels: {after['miou']:.3f} "
        f"(before: {was}), accuracy {after['accuracy']:.3f}"
    )
