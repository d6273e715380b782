"""Look through a labelled data set before anybody trains on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.datasets.class_tables import FOLDER_FILE, find_class_table, shipped_tables
from napari_uhrnet.datasets.masks import open_truth
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.scene.open import open_stored
from napari_uhrnet.scene.picture.blocks import level_blocks
from napari_uhrnet.scene.places import difference, stored_grid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.datasets.layouts import Dataset, Pair
    from napari_uhrnet.datasets.masks import Truth
    from napari_uhrnet.geometry.classes import ClassTable

_TOP_COLOURS = 5
_REMEMBERED_COLOURS = 64
_MANY_STRAYS = 0.05
_NEARLY_ALL = 0.9
_LAYOUT_TABLES = {"inria": "inria", "cityscapes": "cityscapes"}


@dataclass(frozen=True)
class Problem:
    """``kind``: "half", "unreadable", "size", "place", "stray" or "inexact"; ``text``
    begins with a path.

    ``pixels`` and ``colours`` (the commonest, with their pixels) are given for the last two.
    """

    kind: str
    text: str
    pixels: int = 0
    colours: dict[str, int] = field(default_factory=dict)


@dataclass
class Report:
    """What is in a data set. ``counts`` (256,) int64: mask pixels of each id, 255 = no class."""

    dataset: Dataset
    classes: ClassTable
    counts: NDArray[np.int64]
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    better_table: str | None = None
    notes: dict[str, list[Path]] = field(default_factory=dict)
    """What was guessed or left out when images were opened: a sentence, and the images of it."""

    @property
    def splits(self) -> dict[str, int]:
        """Pairs of each split; "none" for those of no split."""
        return dict(Counter(pair.split or "none" for pair in self.dataset.pairs))

    @property
    def shares(self) -> dict[str, float]:
        """Share of the labelled pixels, 0..1, of every class of the table."""
        total = max(1, int(self.counts[:NOTHING].sum()))
        return {c.name: int(self.counts[c.id]) / total for c in self.classes.classes}

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "folder": str(self.dataset.folder),
            "layout": self.dataset.layout,
            "classes": self.classes.name,
            "pairs": len(self.dataset.pairs),
            "splits": self.splits,
            "masks": dict(self.kinds),
            "sizes": [
                {"height": height, "width": width, "images": n}
                for (height, width), n in self.sizes.most_common()
            ],
            "pixels": {c.name: int(self.counts[c.id]) for c in self.classes.classes},
            "pixels_without_class": int(self.counts[NOTHING]),
            "shares": self.shares,
            "problems": [
                {"kind": p.kind, "text": p.text}
                | ({"pixels": p.pixels, "colours": p.colours} if p.pixels else {})
                for p in self.problems
            ],
            "better_table": self.better_table,
            "notes": [
                {"text": text, "images": len(paths), "first": str(paths[0])}
                for text, paths in self.notes.items()
            ],
        }


def table_of(dataset: Dataset, name_or_file: str | None) -> ClassTable:
    """The class table asked for, else the folder's own, else the one that the layout implies.

    Raises UserError for VOC's layout without either: its masks are indices of anybody's classes.
    """
    if name_or_file is None and not (dataset.folder / FOLDER_FILE).is_file():
        if dataset.layout == "voc":
            raise UserError(
                f"{dataset.folder}: folders like those of Pascal VOC hold any classes: name a "
                "table with --classes, voc for Pascal's own"
            )
        name_or_file = _LAYOUT_TABLES.get(dataset.layout)
    return find_class_table(name_or_file, dataset.folder)


def check_dataset(
    dataset: Dataset, classes: ClassTable, progress: Callable[[float], None] | None = None
) -> Report:
    """Read every image and mask of a data set once, block by block.

    Nothing is held but counts, so memory does not grow with the size of a file. What is wrong with
    files is in the report; ``progress`` is called with the share done, 0..1.
    """
    report = Report(dataset, classes, np.zeros(256, np.int64))
    report.problems += [Problem("half", text) for text in dataset.problems]
    strays: Counter[str] = Counter()
    for number, pair in enumerate(dataset.pairs):
        if progress is not None:
            progress(number / len(dataset.pairs))
        image_yx = _check_image(pair, report)
        _check_mask(pair, image_yx, report, strays)
    report.better_table = _better_table(strays, report)
    if progress is not None:
        progress(1.0)
    return report


def _check_image(pair: Pair, report: Report) -> tuple[int, int] | None:
    """(height, width) of the image; None where it cannot be opened."""
    shape_yx = None
    try:
        picture = open_stored(pair.image)
        try:
            level = picture.levels[0]
            shape_yx = level.shape[:2]
            report.sizes[shape_yx] += 1
            for note in picture.all_notes:
                report.notes.setdefault(note, []).append(pair.image)
            for window in level_blocks(level):
                level.read(window)
        finally:
            picture.close()
    except UserError as error:
        report.problems.append(_unreadable(pair.image, error))
    return shape_yx


def _check_mask(
    pair: Pair, image_yx: tuple[int, int] | None, report: Report, strays: Counter[str]
) -> None:
    stray, inexact = _Unknown(), _Unknown()
    try:
        with open_truth(pair.mask, report.classes) as truth:
            report.kinds[truth.kind] += 1
            if image_yx is not None:
                report.problems += _places(pair, truth)
            for window in truth.blocks():
                read = truth.read_counted(window)
                report.counts += np.bincount(read.ids.ravel(), minlength=256)
                stray.add(read.stray_px, read.stray)
                inexact.add(read.inexact_px, read.inexact)
    except UserError as error:
        report.problems.append(_unreadable(pair.mask, error))
    if stray.pixels:
        report.problems.append(stray.problem("stray", pair.mask, "colours or values of no class"))
        strays += Counter(stray.colours)
    if inexact.pixels:
        words = "colours or values that were rounded to a class's"
        report.problems.append(inexact.problem("inexact", pair.mask, words))


class _Unknown:
    """Pixels that the class table does not have, and the commonest of their colours."""

    def __init__(self) -> None:
        self.pixels = 0
        self.colours: dict[str, int] = {}

    def add(self, pixels: int, colours: dict[str, int]) -> None:
        self.pixels += pixels
        total = Counter(self.colours) + Counter(colours)
        self.colours = dict(total.most_common(_REMEMBERED_COLOURS))

    def problem(self, kind: str, path: Path, what: str) -> Problem:
        top = dict(Counter(self.colours).most_common(_TOP_COLOURS))
        listed = ", ".join(f"{colour} ({n} px)" for colour, n in top.items())
        more = " and others" if len(self.colours) > len(top) else ""
        text = f"{path}: {self.pixels} px in {what}: {listed}{more}"
        return Problem(kind, text, self.pixels, top)


def _unreadable(path: Path, error: UserError) -> Problem:
    text = str(error)
    if not text.startswith(str(path)):
        text = f"{path}: {text.removeprefix(f'{path.name}: ')}"
    return Problem("unreadable", text)


def _places(pair: Pair, truth: Truth) -> list[Problem]:
    """How the mask lies beside its image, if it does not lie on it."""
    found = difference(truth.grid, stored_grid(pair.image))
    if found is None:
        return []
    kind = "size" if found.kind == "size" else "place"
    return [Problem(kind, f"{pair.mask}: {found.text}, its image")]


def _better_table(strays: Counter[str], report: Report) -> str | None:
    """The shipped table that has nearly all of the stray colours, if there are many of them."""
    if sum(strays.values()) < _MANY_STRAYS * report.counts.sum():
        return None
    best, most = None, _NEARLY_ALL * sum(strays.values())
    for name in shipped_tables():
        known = {"#{:02X}{:02X}{:02X}".format(*c.rgb) for c in find_class_table(name).classes}
        covered = sum(n for colour, n in strays.items() if colour in known)
        if covered > most:
            best, most = name, covered
    return best
