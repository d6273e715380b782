"""Which mask belongs to which image, by their names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".gif", ".jp2", ".img", ".vrt"}
)
IMAGE_SUFFIXES = ("_sat", "_rgb", "_RGB", "_IRRG", "_image", "_img", "_im", "_leftImg8bit")
MASK_SUFFIXES = (
    "_mask",
    "_label",
    "_labels",
    "_gt",
    "_seg",
    "_L",
    "_label_noBoundary",
    "_gtFine_labelTrainIds",
    "_gtFine_labelIds",
)


@dataclass(frozen=True)
class Match:
    """An image and its mask; ``key`` is what their names share."""

    key: str
    image: Path
    mask: Path


@dataclass
class Matches:
    """Matches, and a sentence for each file whose other half is missing."""

    found: list[Match] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def pictures(folder: Path) -> list[Path]:
    """Image files directly in a folder, sorted; none if there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if is_picture(p))


def is_picture(path: Path) -> bool:
    """Whether a file has the extension of an image and is not hidden."""
    return path.suffix.lower() in EXTENSIONS and path.name[0] != "." and path.is_file()


def without_suffix(stem: str, suffixes: Iterable[str]) -> str:
    """The stem before the longest of the suffixes that it has, or the stem itself."""
    fitting = [s for s in suffixes if stem.endswith(s) and len(stem) > len(s)]
    return stem.removesuffix(max(fitting, key=len)) if fitting else stem


def is_mask_name(stem: str) -> bool:
    """Whether a stem ends as those of masks do."""
    return without_suffix(stem, MASK_SUFFIXES) != stem


def match(images: Iterable[Path], masks: Iterable[Path]) -> Matches:
    """Pair files of the same stem, or of stems that differ in the suffixes of their kinds."""
    by_stem: dict[str, list[Path]] = {}
    for path in masks:
        by_stem.setdefault(path.stem, []).append(path)
    matches, taken = Matches(), set()
    for image in images:
        stem = next((s for s in _mask_stems(image.stem) if s in by_stem), None)
        if stem is None:
            matches.problems.append(f"{image}: has no mask")
        elif stem in taken:
            matches.problems.append(f"{image}: another image has the same mask")
        else:
            taken.add(stem)
            same = stem == image.stem
            key = stem if same else without_suffix(image.stem, IMAGE_SUFFIXES)
            matches.found.append(Match(key, image, by_stem[stem][0]))
            matches.problems += [f"{p}: a second mask of {image}" for p in by_stem[stem][1:]]
    for stem in by_stem.keys() - taken:
        if not _is_second(stem, taken):
            matches.problems += [f"{path}: has no image" for path in by_stem[stem]]
    return matches


def _mask_stems(stem: str) -> Iterator[str]:
    """Names that the mask of an image may have, likeliest first."""
    yield stem
    base = without_suffix(stem, IMAGE_SUFFIXES)
    yield base
    for suffix in MASK_SUFFIXES:
        yield base + suffix
        yield stem + suffix


def _is_second(stem: str, taken: set[str]) -> bool:
    """Whether a mask is another encoding of one that has an image."""
    base = without_suffix(stem, MASK_SUFFIXES)
    return any(without_suffix(t, MASK_SUFFIXES) == base for t in _alike(base, taken))


def _alike(base: str, taken: set[str]) -> set[str]:
    return {base + s for s in MASK_SUFFIXES if base + s in taken}
