"""Which pairs of a data set belong to which part: published lists and files of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_uhrnet.datasets.pairing import EXTENSIONS, IMAGE_SUFFIXES, without_suffix
from napari_uhrnet.errors import UserError
from napari_uhrnet.resources import resource_path
from napari_uhrnet.strict_json import read_object

if TYPE_CHECKING:
    from napari_uhrnet.datasets.layouts import Dataset

PUBLISHED = ("deepglobe", "inria")


def published_split(name: str) -> dict[str, tuple[str, ...]]:
    """Ids of "train", "val" and "test": DeepGlobe (454/207/142, GLNet), Inria (126/27/27, FCtL)."""
    if name not in PUBLISHED:
        raise UserError(f"{name}: no split of this name is shipped; there are deepglobe and inria.")
    content = read_object(resource_path("splits", f"{name}.json"))
    return {part: tuple(content[part]) for part in ("train", "val", "test")}


def restrict(dataset: Dataset, split: str | Path | None, part: str | None) -> Dataset:
    """The pairs of one part.

    ``split`` is the name of a published split, a JSON file (part to ids, or part to groups of ids)
    or a text file with an id a line, which needs no part; None takes the parts of the data set's
    own folders. An id is the name of a pair, with or without its folder. Raises UserError if the
    part is not there or no pair of the data set is in it.
    """
    if split is None:
        pairs = tuple(p for p in dataset.pairs if p.split == part)
    else:
        ids = set(_ids(split, part))
        pairs = tuple(p for p in dataset.pairs if not ids.isdisjoint(_names(p.name)))
    if not pairs:
        where = "its folders" if split is None else str(split)
        raise UserError(
            f"{dataset.folder}: no pair belongs to the part {part!r} of {where}; "
            "choose another part or split."
        )
    return replace(dataset, pairs=pairs)


def part_of_ids(split: str | Path) -> dict[str, str]:
    """The part that each id belongs to: of a published split or a JSON file, see `restrict`.

    Raises UserError for an id in more than one part.
    """
    parts = published_split(str(split)) if str(split) in PUBLISHED else _parts(Path(split))
    found: dict[str, str] = {}
    for part, ids in parts.items():
        for name in ids:
            if found.setdefault(name, part) != part:
                raise UserError(f"{split}: {name} is in {found[name]} and in {part}.")
    return found


def _ids(split: str | Path, part: str | None) -> tuple[str, ...]:
    path = Path(split)
    if path.suffix.lower() == ".txt":
        return tuple(_plain_id(line) for line in _text(path).splitlines() if line.strip())
    parts = published_split(str(split)) if str(split) in PUBLISHED else _parts(path)
    if part not in parts:
        raise UserError(f"{split}: has no part {part!r}; there are {', '.join(parts) or 'none'}.")
    return parts[part]


def _parts(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        content = read_object(path)
        return {part: tuple(_flat(ids)) for part, ids in content.items() if _is_part(ids)}
    except OSError as error:
        raise UserError(f"{path}: the split cannot be read ({error}).") from None
    except ValueError as error:
        raise UserError(
            f"{path}: not a split ({error}); give a JSON object of part names and lists of ids."
        ) from None


def _is_part(ids: Any) -> bool:
    return isinstance(ids, list | dict)


def _flat(ids: Any) -> list[str]:
    groups = list(ids.values()) if isinstance(ids, dict) else [ids]
    if any(not isinstance(group, list) for group in groups):
        raise ValueError("a group of ids is no list")
    return [_plain_id(_as_id(i)) for group in groups for i in group]


def _as_id(value: Any) -> str:
    """Ids may be numbers; nothing else is turned into text."""
    if isinstance(value, str) or type(value) is int:
        return str(value)
    raise ValueError(f"{repr(value)[:60]} is no id")


def _plain_id(text: str) -> str:
    """The id in a line like "land-train/119_sat.jpg<tab>land-train/119_mask.png" or "119"."""
    first = text.split("\t")[0].strip()
    path = Path(first)
    if path.suffix.lower() not in EXTENSIONS:
        return first
    return without_suffix(path.stem, IMAGE_SUFFIXES)


def _names(name: str) -> set[str]:
    """A pair's name with and without its folder, and without the suffix of images."""
    last = name.rsplit("/", 1)[-1]
    return {name, last, without_suffix(last, IMAGE_SUFFIXES)}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: the split cannot be read ({error}).") from None
