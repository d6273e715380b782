"""Folders of images beside folders of masks, and images beside their masks in one folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_uhrnet.datasets.pairing import Matches, is_mask_name, match, pictures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "crossvali": "val",
    "test": "test",
    "testing": "test",
    "offical_crossvali": "test",
    "official_crossvali": "test",
}

_PAIRED: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("glnet", ("sat",), ("label",)),
    ("isdnet", ("img_dir",), ("rgb2id",)),
    ("isdnet", ("imgs",), ("labels",)),
    ("f2net", ("img_dir",), ("ann_dir",)),
    ("inria", ("images",), ("gt",)),
    ("voc", ("jpegimages",), ("segmentationclass",)),
    ("voc", ("jpegimages",), ("segmentationclasspng",)),
    (
        "folders",
        ("images", "image", "img", "imgs", "images_png"),
        ("masks", "mask", "labels", "label", "gt", "annotations", "masks_png"),
    ),
)
"""Layout, names of its image folder, names of its mask folder; in lower case."""


@dataclass(frozen=True)
class Group:
    """What one image folder and its mask folder hold.

    ``place`` is the folder as far as it is no split ("Tile 1"), "" at the top.
    """

    layout: str
    split: str | None
    place: str
    matches: Matches


def split_of(name: str) -> str | None:
    """The split that a folder is named after: "train", "val" or "test"."""
    return _SPLITS.get(name.lower())


def subfolders(folder: Path) -> list[Path]:
    """Folders directly in a folder, sorted, hidden ones left out."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] != ".")


def paired_folders(folder: Path) -> list[Group]:
    """Groups of the first layout whose image and mask folders are here or one level down."""
    for layout, images, masks in _PAIRED:
        groups: list[Group] = []
        for parent in _parents(folder):
            groups += _groups(layout, folder, parent, images, masks)
        if any(group.matches.found for group in groups):
            return groups
    return []


def _parents(folder: Path) -> Iterator[Path]:
    """Where image folders may lie: here, one level down, below a split two."""
    yield folder
    for child in subfolders(folder):
        yield child
        if split_of(child.name):
            yield from subfolders(child)


def _groups(
    layout: str, root: Path, parent: Path, images: tuple[str, ...], masks: tuple[str, ...]
) -> Iterator[Group]:
    """One group for the files of the two folders, and one for each pair of their subfolders."""
    image_folder, mask_folder = _named(parent, images), _named(parent, masks)
    if image_folder is None or mask_folder is None:
        return
    for below in ("", *_names_below(image_folder, mask_folder)):
        matches = match(pictures(image_folder / below), pictures(mask_folder / below))
        if layout == "voc":
            # Most pictures of VOC are for other tasks and have no mask.
            matches.problems.clear()
        if layout == "inria" and not _all_tiff(matches):
            return
        parts = [*parent.relative_to(root).parts, *([below] if below else [])]
        split = next((s for s in map(split_of, parts) if s), split_of(parent.name))
        place = "/".join(part for part in parts if not split_of(part))
        named = "tiles" if layout == "folders" and place and parent != root else layout
        yield Group(named, split, place, matches)


def _names_below(image_folder: Path, mask_folder: Path) -> list[str]:
    """Subfolders of either; those of images only hold pictures without labels, if they are a split.

    A split without any mask, like the official tests, is no problem of its images.
    """
    with_masks = {p.name for p in subfolders(mask_folder)}
    with_images = {p.name for p in subfolders(image_folder) if not split_of(p.name)}
    return sorted(with_masks | with_images)


def _all_tiff(matches: Matches) -> bool:
    return all(m.image.suffix.lower() in {".tif", ".tiff"} for m in matches.found)


def _named(parent: Path, names: tuple[str, ...]) -> Path | None:
    """The subfolder with one of the names, in any case."""
    here = {p.name.lower(): p for p in subfolders(parent)}
    return next((here[name] for name in names if name in here), None)


def one_folder(folder: Path) -> list[Group]:
    """Images beside their masks, distinguished by suffixes: here, else one level down."""
    groups = [_beside(folder, split_of(folder.name))]
    if not groups[0].matches.found:
        children = [c for c in subfolders(folder) if split_of(c.name)]
        groups = [_beside(child, split_of(child.name)) for child in children]
    return [group for group in groups if group.matches.found]


def _beside(folder: Path, split: str | None) -> Group:
    files = pictures(folder)
    masks = [p for p in files if is_mask_name(p.stem)]
    matches = match([p for p in files if not is_mask_name(p.stem)], masks)
    official = all(
        m.image.stem.endswith("_sat") and m.mask.stem.endswith("_mask") for m in matches.found
    )
    return Group("deepglobe" if official else "side by side", split, "", matches)
