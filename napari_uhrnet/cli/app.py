"""``napari-uhrnet``: what the plugin does, without a GUI."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from napari_uhrnet import __version__
from napari_uhrnet.cli import (
    compare_command,
    data_command,
    evaluate_command,
    finetune_command,
    labels_command,
    reproduce_command,
    train_command,
)
from napari_uhrnet.errors import BAD_INPUT, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

CANCELLED = 130

# What can be wrong with options and commands; typer does not export this base class by name.
_USAGE_ERRORS = cast("tuple[type[Exception], ...]", typer.BadParameter.__bases__)

app = typer.Typer(
    name="napari-uhrnet",
    help="Segment, compare and correct ultra-high-resolution scenes with UHRNet.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Branch(StrEnum):
    """Whose answer is written."""

    fused = "fused"
    global_ = "global"
    local = "local"


ScenePath = Annotated[Path, typer.Argument(metavar="SCENE", help="Image file or OME-Zarr folder.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"napari-uhrnet {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Options before the command."""


@app.command()
def info(
    scene: ScenePath,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is known about a scene."""
    from napari_uhrnet.cli.info import print_info

    print_info(scene, as_json=json)


@app.command()
def segment(
    scene: ScenePath,
    out: Annotated[Path, typer.Option(metavar="MASK", help="Mask: .tif, .png or .zarr.")],
    window: Annotated[
        str | None,
        typer.Option(metavar="Y,X,H,W", help="Part of the scene in its pixels; default all."),
    ] = None,
    branch: Annotated[Branch, typer.Option(help="Whose answer is written.")] = Branch.fused,
    pixel_size: Annotated[
        float | None,
        typer.Option(metavar="M", help="Metres per pixel of the scene; default what it says."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME_OR_FILE", help="Checkpoint; see `models`.")
    ] = None,
    device: Annotated[
        str, typer.Option(metavar="auto|cpu|cuda|mps", help="Where to compute.")
    ] = "auto",
) -> None:
    """Segment a scene and write the mask at the scene's own resolution."""
    from napari_uhrnet.cli.segment import segment_to_file

    segment_to_file(
        scene,
        out,
        window=window,
        branch=branch.value,
        pixel_size_m=pixel_size,
        model=model,
        device=device,
    )


@app.command()
def models(
    shipped: Annotated[bool, typer.Option("--shipped", help="Only those with weights.")] = False,
) -> None:
    """List the models and whether their weights are here."""
    from napari_uhrnet.cli.info import print_models

    print_models(shipped=shipped)


for command in (
    compare_command,
    evaluate_command,
    train_command,
    finetune_command,
    reproduce_command,
    data_command,
    labels_command,
):
    command.register(app)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (by default the process's); the exit code."""
    try:
        code = app(arguments, prog_name="napari-uhrnet", standalone_mode=False)
    except UserError as error:
        return _say(str(error), BAD_INPUT)
    except _USAGE_ERRORS as error:
        return _say(f"{_message(error)} (see napari-uhrnet --help)", BAD_INPUT)
    except typer.Abort:
        code = CANCELLED
    if code == CANCELLED:
        return _say("cancelled", CANCELLED)
    return code or 0


def main() -> None:
    """Entry point of the ``napari-uhrnet`` command."""
    sys.exit(run())


def _say(sentence: str, code: int) -> int:
    typer.echo(f"napari-uhrnet: {' '.join(sentence.split())}", err=True)
    return code


def _message(error: Exception) -> str:
    return str(getattr(error, "format_message", error.__str__)()).rstrip(".")


if __name__ == "__main__":
    main()
