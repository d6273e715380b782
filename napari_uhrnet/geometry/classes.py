"""Class tables: which id means what, and in which colour."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError

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
        """From what `to_dict` gives, or from a palette file."""
        try:
            classes = tuple(_class(c) for c in data["classes"])
            return cls(str(data["name"]), classes)
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"not a class table ({error!r}): each class needs an id, a name and an rgb"
            ) from None

    @classmethod
    def from_file(cls, path: Path) -> ClassTable:
        """From a JSON file."""
        try:
            return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise UserError(f"{path}: cannot be read as a class table ({error})") from None


def _class(entry: dict[str, Any]) -> LabelClass:
    aliases = tuple(str(alias) for alias in entry.get("aliases", ()))
    ignore = bool(entry.get("ignore"))
    return LabelClass(int(entry["id"]), str(entry["name"]), _rgb(entry["rgb"]), ignore, aliases)


def _rgb(value: Any) -> tuple[int, int, int]:
    red, green, blue = (int(v) for v in value)
    if not all(0 <= v <= 255 for v in (red, green, blue)):
        raise ValueError(f"colour {value} is not in 0..255")
    return red, green, blue
