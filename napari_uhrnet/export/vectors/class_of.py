"""Which class the properties of a feature name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uhrnet.export.vectors.files import Features
    from napari_uhrnet.geometry.classes import ClassTable

_CLASS_KEYS = ("class_name", "classname", "class", "label", "category")
"""Their text names a class, or is an error."""
_NAME_KEYS = ("name", "type")
"""Their text may name a class, or something else."""
_ID_KEYS = ("class_id", "classid", "class", "label", "value", "dn")
"""A bare "id" is not among them: QGIS and GDAL number rows with it."""


def class_of(layer: Features, number: int, classes: ClassTable, path: Path) -> int:
    """The id of a feature's class: by the class's name, else by its id.

    Keys and names match whatever their case. If the properties name no class, the layer's name may.
    UserError for an unknown class, for two classes, and if none is named.
    """
    properties = layer.properties[number]
    lower = {str(key).lower(): value for key, value in properties.items()}
    names = _names(classes)
    for key in _CLASS_KEYS:
        text = _text(lower.get(key))
        if text and _whole(text) is None:
            if text not in names:
                raise UserError(
                    f"{path}: {key} {lower[key]!r} is no class of {classes.name!r}: name one of "
                    f"{', '.join(classes.names.values())}, or choose another class table"
                )
            return names[text]
    ids = {key: _whole(lower.get(key)) for key in _ID_KEYS}
    given = {k for k in ids.values() if k in classes.names}
    given |= {names[t] for t in (_text(lower.get(key)) for key in _NAME_KEYS) if t in names}
    if len(given) == 1:
        return given.pop()
    if given:
        named = " and ".join(classes.names[k] for k in sorted(given))
        raise UserError(
            f"{path}: a polygon with the properties {properties} names {named}: "
            "give it one class_name"
        )
    if layer.layer.strip().lower() in names and not any(v is not None for v in ids.values()):
        return names[layer.layer.strip().lower()]
    raise UserError(
        f"{path}: a polygon with the properties {properties} names no class of {classes.name!r}: "
        "give it a class_name or a class_id of that table (a bare id is the number of a row)"
    )


def _names(classes: ClassTable) -> dict[str, int]:
    """Ids by names and aliases in lower case; names come before aliases."""
    aliases = {alias.lower(): c.id for c in classes.classes for alias in c.aliases}
    return aliases | {c.name.lower(): c.id for c in classes.classes}


def _text(value: Any) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:
    """A whole number, also as text or as a float; None for others and for yes and no."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return int(value) if value.strip().isascii() and value.strip().isdigit() else None
    if isinstance(value, int | float) and float(value).is_integer():
        return int(value)
    return None
