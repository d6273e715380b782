"""What is evaluated: pairs of image and mask from folders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_uhrnet.datasets.check import table_of
from napari_uhrnet.datasets.layouts import Dataset, find_pairs
from napari_uhrnet.datasets.splits import restrict
from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.places import check_place, stored_grid

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from napari_uhrnet.geometry.classes import ClassTable


@dataclass(frozen=True)
class TruthPair:
    """An image and its mask; without a pixel size (metres) the image's own is taken.

    ``folder`` names the data set in the scores, ``name`` the pair in it.
    """

    name: str
    image: Path
    mask: Path
    pixel_size_m: float | None = None
    folder: str = ""


@dataclass(frozen=True)
class Source:
    """A folder of pairs, and the metres per pixel of its images if the files lack them."""

    folder: Path
    pixel_size_m: float | None = None

    @classmethod
    def parse(cls, text: str) -> Source:
        """From "DIR" or "DIR@M"."""
        folder, at, size = text.rpartition("@")
        if not at or Path(text).exists():
            return cls(Path(text))
        try:
            metres = float(size)
        except ValueError:
            return cls(Path(text))
        if not 0 < metres <= 10_000:
            raise UserError(f"{text}: a pixel size of {size} m is not possible")
        return cls(Path(folder), metres)


def gather(
    sources: Sequence[Source],
    split: str | Path | None = None,
    part: str | None = None,
    drop: Collection[str] = (),
    classes: str | None = None,
) -> tuple[list[TruthPair], ClassTable]:
    """The pairs of folders, and the class table that their masks share.

    Parameters
    ----------
    split, part
        Which of the pairs: see `datasets.splits.restrict`; all of them by default.
    drop
        Names of pairs that are left out, with or without their folder's.
    classes
        Name or file of a class table; by default the folders' own.

    Raises
    ------
    UserError
        For a folder without pairs, folders of different classes, or a name that no pair has.
    """
    datasets = [find_pairs(source.folder) for source in sources]
    table = _shared_table(datasets, classes)
    known = {name for dataset in datasets for pair in dataset.pairs for name in _names(pair.name)}
    for name in drop:
        if name not in known:
            raise UserError(f"{name}: no pair of this name is in the folders, so none is dropped")
    names = folder_names([source.folder for source in sources])
    pairs = []
    for source, dataset, title in zip(sources, datasets, names, strict=True):
        if split is not None or part is not None:
            dataset = restrict(dataset, split, part)
        pairs += [
            TruthPair(p.name, p.image, p.mask, source.pixel_size_m, title)
            for p in dataset.pairs
            if not _names(p.name) & set(drop)
        ]
    if not pairs:
        raise UserError(f"{sources[0].folder}: no pair is left after dropping: drop fewer")
    return pairs, table


def folder_names(folders: Sequence[Path]) -> list[str]:
    """Names of folders in the scores: the last part of a path, all of it where two share that."""
    last = [folder.resolve().name for folder in folders]
    return [
        name if last.count(name) == 1 else str(folder)
        for name, folder in zip(last, folders, strict=True)
    ]


def check_sizes(pairs: Sequence[TruthPair]) -> None:
    """UserError for the first mask that does not lie on its image; pixels are not read."""
    for pair in pairs:
        check_place(stored_grid(pair.mask), stored_grid(pair.image))


def _names(name: str) -> set[str]:
    return {name, name.rsplit("/", 1)[-1]}


def _shared_table(datasets: Sequence[Dataset], classes: str | None) -> ClassTable:
    first, *others = (table_of(dataset, classes) for dataset in datasets)
    for dataset, table in zip(datasets[1:], others, strict=True):
        if replace(table, name=first.name) != first:
            raise UserError(
                f"{dataset.folder}: its classes are not those of {datasets[0].folder}: evaluate "
                "them one by one, or name one table with --classes"
            )
    return first
