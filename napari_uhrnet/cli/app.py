"""``napari-uhrnet``: what the plugin does, without a GUI."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, cast

import typer

from napari_uhrnet.cli import data, evaluate, reproduce
from napari_uhrnet.cli.compare import command as compare
from napari_uhrnet.cli.finetune import command as finetune
from napari_uhrnet.cli.kit.output import say
from napari_uhrnet.cli.kit.words import ScenePath  # noqa: TC001 (typer reads it)
from napari_uhrnet.cli.labels import command as labels
from napari_uhrnet.cli.segment import command as segment
from napari_uhrnet.cli.train import command as train
from napari_uhrnet.errors import BAD_INPUT, UserError
from napari_uhrnet.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

CANCELLED = 130
BUG = 70
"""What nobody expected; EX_SOFTWARE of sysexits.h."""

DEBUG = "NAPARI_UHRNET_DEBUG"
"""Environment variable: anything in it shows the traceback of what nobody expected."""

# What can be wrong with options and commands; typer does not export this base class by name.
_USAGE_ERRORS = cast("tuple[type[Exception], ...]", typer.BadParameter.__bases__)

app = typer.Typer(
    name="napari-uhrnet",
    help="Segment, compare and correct ultra-high-resolution scenes with UHRNet.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"napari-uhrnet {__version__}")
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
    """Show size, bands, pixel size and georeference of a scene."""
    from napari_uhrnet.cli.info import print_info

    print_info(scene, as_json=json)


@app.command()
def models(
    shipped: Annotated[bool, typer.Option("--shipped", help="Only models with weights.")] = False,
) -> None:
    """List the models, their costs, and which have weights."""
    from napari_uhrnet.cli.info import print_models

    print_models(shipped=shipped)


for command in (
    segment,
    compare,
    evaluate,
    train,
    finetune,
    reproduce,
    data,
    labels,
):
    command.register(app)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (by default the process's); the exit code."""
    try:
        code = app(arguments, prog_name="napari-uhrnet", standalone_mode=False)
    except UserError as error:
        return _fail(str(error), BAD_INPUT)
    except _USAGE_ERRORS as error:
        return _fail(f"{_message(error)} (see napari-uhrnet --help)", BAD_INPUT)
    except typer.Abort:
        code = CANCELLED
    except BrokenPipeError:  # such as `napari-uhrnet info scene.tif | head -1`
        return CANCELLED
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        return _fail(_unexpected(error), BUG)
    if code == CANCELLED:
        return _fail("cancelled", CANCELLED)
    return code or 0


def main() -> None:
    """Entry point of the ``napari-uhrnet`` command."""
    sys.exit(run())


def _fail(sentence: str, code: int) -> int:
    say(f"napari-uhrnet: {' '.join(sentence.split())}", err=True)
    return code


def _unexpected(error: Exception) -> str:
    """What happened, and what to do about it."""
    what = f"{type(error).__name__}: {str(error)[:300]}".rstrip(": .")
    return (
        f"something unexpected happened ({what}); please report it to the maintainers, with what "
        f"the same command prints under {DEBUG}=1"
    )


def _message(error: Exception) -> str:
    return str(getattr(error, "format_message", error.__str__)()).rstrip(".")


if __name__ == "__main__":
    main()
