"""Class tables: which id means what, and in which colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.strict_json import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NOTHING = 255
"""Value of a stored pixel without a class: not computed, untouched, or no data. Never a class."""


@dataclass(frozen=True, slots=True)
class LabelClass:
    """One class: id 0 to 254, a name, a colour (red, green, blue; 0 to 255).

    ``ignore`` marks a class like DeepGlobe's "unknown", which masks may contain but scores leave
    out unless asked to count it. ``aliases`` are names under which other tables have this class.
    """

    id: int
    name: str
    rgb: tuple[int, int, int]
    ignore: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClassTable:
    """The classes of a checkpoint, a ground truth or a project, in order of their ids."""

    name: str
    classes: tuple[LabelClass, ...]

    def __post_init__(self) -> None:
        ids = [c.id for c in self.classes]
        if not ids or sorted(set(ids)) != ids or ids[0] < 0 or ids[-1] >= NOTHING:
            raise UserError(
                f"class table {self.name!r}: ids must be unique, ascending and in 0..254, not {ids}"
            )
        if len({c.name for c in self.classes}) != len(ids):
            raise UserError(f"class table {self.name!r}: two classes share a name")

    @property
    def ids(self) -> NDArray[np.uint8]:
        """(N,) uint8: the class id of output channel k of a network with this table."""
        return np.array([c.id for c in self.classes], np.uint8)

    @property
    def names(self) -> dict[int, str]:
        """Name of each id."""
        return {c.id: c.name for c in self.classes}

    @property
    def palette(self) -> NDArray[np.uint8]:
        """(256, 3) uint8 colours by id; ids without a class are black."""
        colours = np.zeros((256, 3), np.uint8)
        for c in self.classes:
            colours[c.id] = c.rgb
        return colours

    def without_ignored(self) -> ClassTable:
        """The table without the classes marked ``ignore``: what a network predicts."""
        return ClassTable(self.name, tuple(c for c in self.classes if not c.ignore))

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` reads it back."""
        return {
            "name": self.name,
            "classes": [
                {"id": c.id, "name": c.name, "rgb": list(c.rgb)}
                | ({"ignore": True} if c.ignore else {})
                | ({"aliases": list(c.aliases)} if c.aliases else {})
                for c in self.classes
            ],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ClassTable:
        """From what `to_dict` gives, or from a palette file; UserError for anything else."""
        try:
            classes = tuple(_class(c) for c in data["classes"])
            return cls(str(data["name"]), classes)
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"not a class table ({_reason(error)}): each class needs an id, a name and an rgb"
            ) from None

    @classmethod
    def from_file(cls, path: Path) -> ClassTable:
        """From a JSON file."""
        try:
            return cls.from_dict(read_json(path))
        except (OSError, ValueError) as error:
            raise UserError(f"{path}: cannot be read as a class table ({error})") from None


def _class(entry: dict[str, Any]) -> LabelClass:
    if not isinstance(entry, dict):
        raise TypeError(f"{_short(entry)} is no class")
    aliases = entry.get("aliases", [])
    if not isinstance(aliases, list):
        raise TypeError(f"aliases {_short(aliases)} are no list")
    return LabelClass(
        whole(entry["id"]),
        _text(entry["name"]),
        _rgb(entry["rgb"]),
        bool(entry.get("ignore")),
        tuple(_text(alias) for alias in aliases),
    )


def _rgb(value: Any) -> tuple[int, int, int]:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise ValueError(f"colour {_short(value)} is not red, green and blue")
    red, green, blue = (whole(v) for v in value)
    if not all(0 <= v <= 255 for v in (red, green, blue)):
        raise ValueError(f"colour {_short(value)} is not in 0..255")
    return red, green, blue


def whole(value: Any) -> int:
    """The value, if it is a whole number; TypeError for others, as "3", 3.5 or True."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{_short(value)} is no whole number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"{_short(value)} is no name")
    return value


def _short(value: Any) -> str:
    return repr(value)[:60]


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
