"""Data sets on disk: which image has which mask, in the layouts of the field."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_uhrnet.datasets.groups import Group, one_folder, paired_folders
from napari_uhrnet.datasets.listed import cityscapes, magnet
from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_uhrnet.datasets.pairing import Match

LAYOUTS: tuple[str, ...] = (
    "cityscapes",
    "magnet",
    "glnet",
    "isdnet",
    "f2net",
    "inria",
    "voc",
    "tiles",
    "folders",
    "deepglobe",
    "side by side",
)
"""In the order in which they are tried."""

_LOOKED_FOR = (
    "an image and a mask folder (images + masks, Sat + Label, img_dir + ann_dir, images + gt, "
    "leftImg8bit + gtFine, JPEGImages + SegmentationClass), lists of pairs, "
    "and files such as 1_sat.jpg beside 1_mask.png"
)


@dataclass(frozen=True)
class Pair:
    """An image with its mask; ``split`` is "train", "val" or "test", None if no folder names it."""

    name: str
    image: Path
    mask: Path
    split: str | None


@dataclass(frozen=True)
class Dataset:
    """Pairs sorted by name, and a sentence, path first, for each file without its other half."""

    layout: str
    folder: Path
    pairs: tuple[Pair, ...]
    problems: tuple[str, ...]


def find_pairs(folder: Path) -> Dataset:
    """Recognise the layout of a folder by its subfolders and pair images with masks.

    Only names are looked at. Names of pairs are unique; folders that are no split are part of
    them. Raises UserError if it is no folder or holds no pair.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder; give the folder of a data set.")
    for find in _FINDERS:
        groups = find(folder)
        if any(group.matches.found for group in groups):
            return _dataset(folder, groups)
    raise UserError(f"{folder}: no image with a mask was found; looked for {_LOOKED_FOR}.")


_FINDERS: tuple[Callable[[Path], list[Group]], ...] = (
    cityscapes,
    magnet,
    paired_folders,
    one_folder,
)


def _dataset(folder: Path, groups: list[Group]) -> Dataset:
    matched = [(group, m) for group in groups for m in group.matches.found]
    names = [f"{group.place}/{m.key}" if group.place else m.key for group, m in matched]
    often = Counter(names)
    pairs = [
        Pair(name if often[name] == 1 else _long_name(folder, m), m.image, m.mask, group.split)
        for name, (group, m) in zip(names, matched, strict=True)
    ]
    return Dataset(
        layout=groups[0].layout,
        folder=folder,
        pairs=tuple(sorted(pairs, key=lambda pair: (pair.name, pair.image))),
        problems=tuple(sorted(p for group in groups for p in group.matches.problems)),
    )


def _long_name(folder: Path, match: Match) -> str:
    image = match.image
    place = image.relative_to(folder) if image.is_relative_to(folder) else image
    return place.with_name(match.key).as_posix()
