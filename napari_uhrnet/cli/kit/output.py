"""What commands print: names in it come from files of strangers."""

from __future__ import annotations

import typer

from napari_uhrnet.harmless import printable


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print lines; control characters in them are written out, so that they do nothing."""
    typer.echo("\n".join(map(printable, text.split("\n"))), err=err, nl=nl)
