"""An input is never written over, by whatever path it is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable


def check_not_input(out: Path, inputs: Iterable[str | Path | None]) -> None:
    """UserError if ``out`` is one of the files or folders that are read, or lies inside of one.

    Links, relative paths and other spellings of the same name are seen through; None and names of
    things that are no files (a model of the registry) are passed over. ``out`` may not exist yet.
    """
    for named in inputs:
        if named is None or not os.path.exists(named):
            continue
        source = Path(named)
        if _same(out, source) or (source.is_dir() and _any_inside(out, source)):
            raise UserError(
                f"{out}: this is, or lies inside of, {source}, which is read here and would be "
                "written over; choose another name."
            )


def check_apart(run_folder: Path, inputs: Iterable[str | Path | None]) -> None:
    """UserError if an input is the folder of a run, or lies in it beside what is written."""
    for named in inputs:
        if named is None or not os.path.exists(named):
            continue
        if _same(run_folder, Path(named)) or _same(run_folder, Path(named).absolute().parent):
            raise UserError(
                f"{run_folder}: {named} is read here, and a run could write over it; choose "
                "another folder for the run."
            )


def _any_inside(out: Path, folder: Path) -> bool:
    return any(_same(parent, folder) for parent in Path(os.path.realpath(out)).parents)


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:  # one of them is not there
        real = (os.path.normcase(os.path.realpath(path)) for path in (one, other))
        return next(real) == next(real)
