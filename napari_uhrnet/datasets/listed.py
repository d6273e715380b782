"""Layouts with lists of pairs or deep trees: MagNet and Cityscapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.datasets.groups import Group, one_folder, split_of, subfolders
from napari_uhrnet.datasets.pairing import (
    IMAGE_SUFFIXES,
    Match,
    Matches,
    is_picture,
    match,
    without_suffix,
)
from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

_LAND_TRAIN = "land-train"
_MASK_KINDS = ("_labelTrainIds", "_labelIds")


def magnet(folder: Path) -> list[Group]:
    """MagNet: lists "image<tab>mask" by split, or its folder land-train without lists.

    The folder may be the one with ``list/`` and ``deepglobe/``, or ``deepglobe`` itself.
    """
    lists = _lists(folder)
    if lists:
        return [_listed(path, folder) for path in lists]
    homes = [folder, *subfolders(folder)]
    here = [home / _LAND_TRAIN for home in homes if (home / _LAND_TRAIN).is_dir()]
    return [Group("magnet", None, "", group.matches) for home in here for group in one_folder(home)]


def _lists(folder: Path) -> list[Path]:
    """Text files of tab-separated pairs, one for each split."""
    homes = [folder / "list", folder, folder.parent / "list" / folder.name]
    for home in (*homes, *subfolders(folder / "list")):
        files = sorted(home.glob("*.txt")) if home.is_dir() else []
        lists = [p for p in files if split_of(p.stem) and _is_list(p)]
        if lists:
            return lists
    return []


def _is_list(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        return "\t" in file.readline(4096)


def _listed(path: Path, folder: Path) -> Group:
    """The pairs of one list; its paths count from the folder of the data set."""
    matches = Matches()
    homes = [folder, folder / path.parent.name, *subfolders(folder)]
    for line in _text(path).splitlines():
        if not line.strip():
            continue
        image, _, mask = (part.strip() for part in line.partition("\t"))
        home = _home(homes, image, mask)
        _add(matches, home / image, home / mask)
    return Group("magnet", split_of(path.stem), "", matches)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: the list cannot be read ({error}).") from None


def _home(homes: list[Path], image: str, mask: str) -> Path:
    """The folder in which a listed file exists; the first if none does."""
    found = (h for h in homes if (h / image).is_file() or (mask and (h / mask).is_file()))
    return next(found, homes[0])


def _add(matches: Matches, image: Path, mask: Path) -> None:
    if not image.is_file():
        matches.problems.append(f"{image}: is in a list but there is no such image")
    elif not mask.is_file():
        matches.problems.append(f"{image}: has no mask, {mask} of the list does not exist")
    else:
        key = without_suffix(image.stem, IMAGE_SUFFIXES)
        matches.found.append(Match(key, image, mask))


def cityscapes(folder: Path) -> list[Group]:
    """leftImg8bit and gtFine, with a folder for each split and city."""
    images, masks = folder / "leftImg8bit", folder / "gtFine"
    if not (images.is_dir() and masks.is_dir()):
        return []
    groups = []
    for split_folder in subfolders(masks):
        below = _city_files(images / split_folder.name)
        truths = [p for p in _city_files(split_folder) if p.stem.endswith(_MASK_KINDS)]
        # The test set comes without ground truth: its masks are empty.
        if below:
            split = split_of(split_folder.name)
            groups.append(Group("cityscapes", split, "", match(below, truths)))
    return groups


def _city_files(folder: Path) -> list[Path]:
    cities = [folder, *subfolders(folder)]
    return sorted(p for city in cities if city.is_dir() for p in city.iterdir() if is_picture(p))
