"""``config.json`` of a run folder: settings, checked when made, read or resumed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from napari_uhrnet.errors import UserError
from napari_uhrnet.store.files.disk import disk_errors, write_whole
from napari_uhrnet.strict_json import read_object

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONFIG = "config.json"
STOP = "stop"
"""A file that asks a run in another process to end."""

AnyConfig = TypeVar("AnyConfig", bound=BaseModel)


def new_config(kind: type[AnyConfig], settings: Mapping[str, Any]) -> AnyConfig:
    """A config from what was asked for; UserError if a value cannot be used."""
    try:
        return kind.model_validate(dict(settings))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "settings"
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise UserError(f"training: {where}: {reason}") from None


def check_new(folder: Path) -> None:
    """UserError if a folder holds a run already."""
    if (folder / CONFIG).exists():
        raise UserError(f"{folder}: holds a run already: continue with --resume or choose another")


def save_config(folder: Path, config: BaseModel) -> None:
    """Write ``config.json`` into a run folder, which is made."""
    text = config.model_dump_json(indent=2) + "\n"
    with disk_errors(folder, "the run folder", "choose another --out"):
        write_whole(folder / CONFIG, text.encode())


def load_config(kind: type[AnyConfig], folder: Path) -> AnyConfig:
    """The config of a run; UserError if there is none."""
    path = folder / CONFIG
    try:
        return kind.model_validate(read_object(path))
    except FileNotFoundError:
        raise UserError(f"{folder}: holds no run: start one without --resume") from None
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: is no config of a run ({reason})") from None


def check_same(folder: Path, old: BaseModel, settings: Mapping[str, Any]) -> None:
    """UserError if a run that is to be resumed was started with another setting."""
    new = new_config(type(old), old.model_dump() | dict(settings))
    for name in settings:
        was, wanted = (c.model_dump(mode="json")[name] for c in (old, new))
        if was != wanted:
            raise UserError(
                f"{folder}: the run was started with {name} = {json.dumps(was)}, not "
                f"{json.dumps(wanted)}: leave it out, or start a new run"
            )
