"""Other labelled data beside what was reviewed, so that what was learned is not forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.datasets.class_tables import find_class_table
from napari_uhrnet.datasets.layouts import find_pairs
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.mapping import ClassMapping
from napari_uhrnet.training.data.frames import Frame
from napari_uhrnet.training.data.sources import DiskSource, TruePair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.training.run.config import DataFolder

TRAIN = "train"
"""Of data that are split, only this part is trained on."""


class Rehearsal:
    """Images with masks, in the classes of another table; a `sampling.Source`.

    Classes of equal names belong together; a class without a namesake is not learned. Raises
    UserError if that leaves nothing.
    """

    def __init__(self, source: DiskSource, mapping: ClassMapping) -> None:
        self._source, self._mapping = source, mapping
        self.name, self.share = source.name, source.share
        self.counts: NDArray[np.float64] = np.zeros_like(source.counts)
        self.places: list[dict[int, NDArray[np.int64]]] = [{} for _ in source.places]
        for old, new in enumerate(mapping.lut[:NOTHING].tolist()):
            if new == NOTHING:
                continue
            self.counts[:, new] += source.counts[:, old]
            for found, places in zip(self.places, source.places, strict=True):
                if old in places:
                    found[new] = places[old]
        if not self.counts.any():
            raise UserError(
                f"{self.name}: none of its labels is of a class of the project, so nothing of it "
                "can be rehearsed: leave it out"
            )

    @property
    def shapes_yx(self) -> Sequence[tuple[int, int]]:
        """Size of each scene in pixels of the network's scale."""
        return self._source.shapes_yx

    def cut(self, which: int, window: Window) -> Frame:
        """A part of a scene."""
        frame = self._source.cut(which, window)
        return Frame(frame.name, frame.pixels, self._mapping.apply(frame.labels.astype(np.uint8)))

    def close(self) -> None:
        """Release the files."""
        self._source.close()


def open_rehearsal(data: DataFolder, classes: ClassTable, pixel_size_m: float) -> Rehearsal:
    """A folder of images with masks, to train at a scale on the classes of a project.

    Raises UserError if it can't be used.
    """
    dataset = find_pairs(data.folder)
    table = find_class_table(None, data.folder)
    pairs = [
        TruePair(p.image, p.mask, data.pixel_size_m)
        for p in dataset.pairs
        if p.split in (None, TRAIN)
    ]
    if not pairs:
        raise UserError(f"{data.folder}: has no part {TRAIN!r} to rehearse: choose another folder")
    source = DiskSource(data.folder.name, pairs, table, pixel_size_m)
    return Rehearsal(source, ClassMapping(table.without_ignored(), classes.without_ignored()))
