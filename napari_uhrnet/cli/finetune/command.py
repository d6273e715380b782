"""The command ``finetune``: from the reviewed regions of a project to a better checkpoint."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer reads it)
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command()(finetune)


def finetune(
    project: Annotated[Path, typer.Argument(metavar="PROJECT", help="Folder of the project.")],
    out: Annotated[Path, typer.Option(metavar="RUN", help="Run folder.")],
    resume: Annotated[bool, typer.Option("--resume", help="Resume the run.")] = False,
    model: Annotated[
        str | None, typer.Option(metavar="NAME_OR_FILE", help="Checkpoint to start from.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Training steps [150].")] = None,
    pixel_size: Annotated[
        float | None,
        typer.Option(
            metavar="M",
            help="Metres per pixel of the network's input [from checkpoint and scenes].",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all random numbers [0].")] = None,
    heads_only: Annotated[
        bool | None,
        typer.Option("--heads-only", help="Train all but the backbones, which stay frozen."),
    ] = None,
    held_out: Annotated[
        float | None,
        typer.Option(
            metavar="0..1", help="Share of the reviewed pixels held out for scores [0.25]."
        ),
    ] = None,
    rehearse: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DIR[@M]", help="Further images with masks to train on; may be given again."
        ),
    ] = None,
    rehearsal_share: Annotated[
        float | None, typer.Option(metavar="0..1", help="Share of views from --rehearse [0.3].")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="auto|cpu|cuda|mps", help="Where to compute [auto].")
    ] = None,
) -> None:
    """Continue training a checkpoint on the reviewed regions of a project."""
    asked = {k: v for k, v in locals().items() if k not in ("project", "out", "resume")}
    from napari_uhrnet.cli.finetune.work import finetune_project

    finetune_project(project, out, {k: v for k, v in asked.items() if v is not None}, resume=resume)
