"""Values of options that are more than a number or a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.labels.merging import WrittenAs

if TYPE_CHECKING:
    from collections.abc import Iterable

ScenePath = Annotated[Path, typer.Argument(metavar="SCENE", help="Image file or OME-Zarr folder.")]


def parse_window(text: str) -> tuple[int, int, int, int]:
    """(y, x, height, width) from "y,x,h,w"."""
    try:
        y, x, height, width = (int(part) for part in text.split(","))
    except ValueError:
        raise UserError(
            f"--window {text}: give four whole numbers y,x,h,w, such as 0,0,1024,1024"
        ) from None
    return y, x, height, width


def parse_split(text: str) -> tuple[float, float, float]:
    """(train, val, test) from "0.7,0.15,0.15"."""
    try:
        train, val, test = (float(part) for part in text.split(","))
    except ValueError:
        raise UserError(
            f"--split {text}: give three shares train,val,test, such as 0.7,0.15,0.15"
        ) from None
    return train, val, test


def parse_written(items: Iterable[str]) -> dict[str, WrittenAs]:
    """From "forest=vegetation", "forest=vegetation:3" and "clouds=", which leaves clouds out."""
    written: dict[str, WrittenAs] = {}
    for item in items:
        name, equals, target = item.partition("=")
        to, colon, number = target.partition(":")
        if not equals or not name.strip() or (colon and not number.strip().isdecimal()):
            raise UserError(
                f"--map {item}: give CLASS=NAME, CLASS=NAME:ID, or CLASS= to leave the class out"
            )
        written[name.strip()] = WrittenAs(to.strip(), int(number) if colon else None)
    return written
