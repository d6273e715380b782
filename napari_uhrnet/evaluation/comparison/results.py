"""Results that can be compared: labels at level 0, read by window, with their class table."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.mapping import ClassMapping
from napari_uhrnet.scene.picture.picture import NOWHERE, Georeference
from napari_uhrnet.scene.places import Grid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.engine.segment import Segmentation
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window


@dataclass(frozen=True)
class Result:
    """Labels of a scene.

    ``read`` gives the (h, w) uint8 ids (of ``classes``; 255 = nothing) of a window of level-0
    pixels. ``unmatched`` are the names of classes that were lost on the way to this class table.
    ``georeference`` says where the pixels lie, as far as that is known.
    """

    title: str
    shape_yx: tuple[int, int]
    classes: ClassTable
    read: Callable[[Window], NDArray[np.uint8]]
    unmatched: tuple[str, ...] = ()
    georeference: Georeference = NOWHERE

    @property
    def grid(self) -> Grid:
        """Its pixels, and where they lie."""
        return Grid(self.title, self.shape_yx, self.georeference)

    def in_classes(self, classes: ClassTable) -> Result:
        """The same labels as ids of another table, by equal names; others are 255.

        Raises UserError if the tables have no name in common. Classes marked ``ignore`` are not
        among the unmatched.
        """
        mapping = ClassMapping(self.classes, classes)
        lost = mapping.unmatched
        if len(lost) == len(self.classes.classes):
            raise UserError(
                f"{self.title}: none of its classes ({', '.join(lost)}) is in the class table "
                f"{classes.name!r}: choose another class table"
            )
        ignored = {c.name for c in self.classes.classes if c.ignore}
        names = tuple(n for n in lost if n not in ignored)
        return replace(
            self, classes=classes, read=lambda w: mapping.apply(self.read(w)), unmatched=names
        )


def array_result(labels: Any, classes: ClassTable, title: str) -> Result:
    """A numpy, zarr or dask array (height, width) of class ids, such as the data of a layer.

    It is read window by window, never whole. Values outside of 0..254 are nothing.
    """
    if labels.ndim != 2 or np.dtype(labels.dtype).kind not in "bui":
        raise UserError(
            f"{title}: labels are whole numbers in an array of height x width, not an array of "
            f"shape {tuple(labels.shape)} and type {labels.dtype}"
        )

    def read(window: Window) -> NDArray[np.uint8]:
        values = np.asarray(labels[window.slices])
        if values.dtype == np.uint8:
            return values
        return np.where((values >= 0) & (values < NOTHING), values, NOTHING).astype(np.uint8)

    height, width = labels.shape
    return Result(title, (int(height), int(width)), classes, read)


def branch_result(done: Segmentation, branch: str) -> Result:
    """The prediction of a branch for a segmented scene; named after the checkpoint's title."""
    model = done.model
    if branch not in model.branches:
        raise UserError(
            f"model {model.name} has no branch {branch!r}: choose {', '.join(model.branches)}"
        )
    title = model.card.title if branch == "fused" else f"{model.card.title} ({branch} branch)"
    read, scene = replace(done, branch=branch).read, done.scene
    place = scene.picture.georeference
    return Result(title, scene.shape_yx, model.classes, read, georeference=place)


@contextmanager
def opened_mask(path: Path, classes: ClassTable) -> Iterator[Result]:
    """A mask in a file, in the colours or with the ids of a class table.

    Raises UserError for classes outside of the table, after reading the mask once.
    """
    from napari_uhrnet.datasets.masks import open_truth
    from napari_uhrnet.evaluation.scoring.evaluate import check_truth

    with open_truth(path, classes) as truth:
        check_truth(truth, classes)
        place = truth.grid.georeference
        yield Result(path.name, truth.shape_yx, classes, truth.read, georeference=place)
