"""Class tables by name, from a file, or from the folder of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING, ClassTable, whole
from napari_uhrnet.resources import resource_path
from napari_uhrnet.strict_json import as_object, read_json

DEFAULT_TABLE = "deepglobe"
FOLDER_FILE = "classes.json"

_IGNORED = {"unlabeled", "unlabelled", "unknown", "void", "ignore", "ignored", "nodata"}
_NAME_KEYS = ("name", "title", "label", "class")
_COLOUR_KEYS = ("rgb", "color", "colour")


def shipped_tables() -> tuple[str, ...]:
    """Names of the tables that come with the plugin, sorted."""
    return tuple(sorted(p.stem for p in resource_path("palettes").glob("*.json")))


def find_class_table(name_or_file: str | None, folder: Path | None = None) -> ClassTable:
    """The table of a name, such as "loveda", or of a JSON file.

    None: the classes.json of the folder if there is one, else DeepGlobe's. Files may be ours, or
    one of the simple forms: a list of names or of classes, ``{name: colour}``, ``{id: name}``,
    ``{name: id}``, with "#RRGGBB" or [r, g, b] colours; ids are then the order. Raises UserError.
    """
    if name_or_file is None:
        own = None if folder is None else folder / FOLDER_FILE
        if own is None or not own.is_file():
            return _shipped(DEFAULT_TABLE)
        return read_class_table(own)
    if name_or_file.lower() in shipped_tables():
        return _shipped(name_or_file.lower())
    path = Path(name_or_file)
    if not path.is_file():
        raise UserError(
            f"{name_or_file}: there is no such class table; give a JSON file or one of "
            f"{', '.join(shipped_tables())}."
        )
    return read_class_table(path)


def read_class_table(path: Path) -> ClassTable:
    """A class table from a JSON file of any of the forms of `find_class_table`."""
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as a class table ({error}).") from None
    try:
        return _corrected(ClassTable.from_dict(_full_form(content, path)))
    except (UserError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{path}: not a class table ({error}); give each class a name and a colour, such as "
            '{"water": "#0000FF"}.'
        ) from None


def _shipped(name: str) -> ClassTable:
    return ClassTable.from_file(resource_path("palettes", f"{name}.json"))


def _full_form(content: Any, path: Path) -> dict[str, Any]:
    """What `ClassTable.from_dict` reads, from any of the forms."""
    outer = content if isinstance(content, dict) else {}
    listed = outer.get("classes", outer.get("names", content))
    colours = outer.get("palette", [])
    entries = _entries_of_dict(listed) if isinstance(listed, dict) else listed
    classes = [_entry(e, k, colours) for k, e in enumerate(entries)]
    name = outer.get("name")
    return {
        "name": name if isinstance(name, str) else path.resolve().parent.name,
        "classes": sorted(classes, key=lambda c: whole(c["id"])),
    }


def _entries_of_dict(listed: dict[str, Any]) -> list[dict[str, Any]]:
    """From ``{id: name}``, ``{id: class}``, ``{name: id}`` or ``{name: colour}``."""
    entries: list[dict[str, Any]] = []
    for key, value in listed.items():
        if key.isdecimal():
            rest = value if isinstance(value, dict) else {"name": value}
            entries.append({"id": int(key)} | rest)
        elif isinstance(value, dict):
            entries.append({"name": key} | value)
        elif isinstance(value, int) and not isinstance(value, bool):
            entries.append({"name": key, "id": value})
        else:
            entries.append({"name": key, "rgb": value})
    return entries


def _entry(given: Any, order: int, colours: list[Any]) -> dict[str, Any]:
    entry = {"name": given} if isinstance(given, str) else as_object(given)
    name = next((entry[k] for k in _NAME_KEYS if k in entry), None)
    if not isinstance(name, str):
        raise ValueError(f"class {order} has no name")
    number = whole(entry.get("id", order))
    if not 0 <= number < NOTHING:
        raise ValueError(f"id {number} is not in 0..254")
    default = colours[order] if order < len(colours) else _standard_colour(number)
    colour = next((entry[k] for k in _COLOUR_KEYS if k in entry), default)
    ignored = name.lower().replace("-", "").replace(" ", "") in _IGNORED
    return {
        "id": number,
        "name": name,
        "rgb": _parsed(colour),
        "ignore": bool(entry.get("ignore", ignored)),
    }


def _parsed(colour: Any) -> list[int]:
    if isinstance(colour, str):
        return list(bytes.fromhex(colour.removeprefix("#")))
    if not isinstance(colour, list):
        raise TypeError(f"{colour!r} is no colour")
    return [whole(v) for v in colour]


def _standard_colour(number: int) -> list[int]:
    """Pascal VOC's colour of an id: the bits of the id, dealt out to the channels."""
    return [
        sum(((number >> (3 * k + channel)) & 1) << (7 - k) for k in range(3))
        for channel in range(3)
    ]


def _corrected(table: ClassTable) -> ClassTable:
    """The shipped table in place of a published file whose colours are not those of its masks.

    The classes.json of the Dubai set is such a file.
    """
    for name in shipped_tables():
        file = read_json(resource_path("palettes", f"{name}.json"))
        misprint = [(c["name"], tuple(c.get("misprinted_rgb", ()))) for c in file["classes"]]
        if misprint == [(c.name, c.rgb) for c in table.classes]:
            return _shipped(name)
    return table
