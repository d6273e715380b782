"""The command ``segment``: from a scene to a mask on disk."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 (typer reads it)
from typing import Annotated

import typer

from napari_uhrnet.cli.kit.words import ScenePath  # noqa: TC001 (typer reads it)


class Branch(StrEnum):
    """Branch whose prediction is written."""

    fused = "fused"
    global_ = "global"
    local = "local"


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("segment")(_segment)


def _segment(
    scene: ScenePath,
    out: Annotated[
        Path, typer.Option(metavar="MASK", help="File of the mask: .tif, .png or .zarr.")
    ],
    window: Annotated[
        str | None,
        typer.Option(metavar="Y,X,H,W", help="Part of the scene, in its pixels; default: all."),
    ] = None,
    branch: Annotated[
        Branch, typer.Option(help="Branch whose prediction is written.")
    ] = Branch.fused,
    pixel_size: Annotated[
        float | None,
        typer.Option(metavar="M", help="Metres per pixel of the scene; default: the file's."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME_OR_FILE", help="Model or checkpoint; see `models`.")
    ] = None,
    device: Annotated[
        str, typer.Option(metavar="auto|cpu|cuda|mps", help="Where to compute.")
    ] = "auto",
) -> None:
    """Segment a scene and write the mask at the scene's own resolution."""
    from napari_uhrnet.cli.segment.work import segment_to_file

    segment_to_file(
        scene,
        out,
        window=window,
        branch=branch.value,
        pixel_size_m=pixel_size,
        model=model,
        device=device,
    )
