"""Which rectangles of a prediction are finished, and how many pixels of each class they hold."""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from napari_uhrnet.store.files.disk import write_whole
from napari_uhrnet.store.files.notes import noted_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.store.predictions.layout import Cell, StoreLayout

_FILE = "finished.npz"
_PENDING = "pending.json"
_DAMAGED = (
    AttributeError,
    BadZipFile,
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    TypeError,
    zlib.error,
)
"""What numpy and zipfile raise for a damaged file."""


@dataclass(frozen=True)
class Finished:
    """What is finished at one moment; replaced as a whole, in memory and on disk.

    ``cells`` is (rows, columns) bool, ``counts`` (labels planes, 256) int64 pixels of finished
    rectangles by class id. Both are in one file, so they never disagree.
    """

    cells: NDArray[np.bool_]
    counts: NDArray[np.int64]

    @classmethod
    def nothing(cls, layout: StoreLayout) -> Finished:
        """Of a new store."""
        return cls(
            np.zeros(layout.cells_yx, bool),
            np.zeros((len(layout.counted_planes), 256), np.int64),
        )

    @classmethod
    def load(cls, folder: Path, layout: StoreLayout) -> Finished:
        """From the folder of a store; ValueError if it is damaged or of another layout."""
        data, nothing = (folder / _FILE).read_bytes(), cls.nothing(layout)
        try:
            with np.load(io.BytesIO(data)) as file:
                cells_yx, bits, counts = (file[key] for key in ("cells_yx", "bits", "counts"))
        except (*_DAMAGED, ValueError) as error:
            raise ValueError(f"{folder / _FILE}: is damaged ({error})") from None
        if (
            tuple(cells_yx.tolist()) != layout.cells_yx
            or bits.dtype != np.uint8
            or bits.shape != (-(-nothing.cells.size // 8),)
            or (counts.shape, counts.dtype) != (nothing.counts.shape, nothing.counts.dtype)
        ):
            raise ValueError(f"{folder / _FILE}: is of another store")
        cells = np.unpackbits(bits, count=nothing.cells.size).astype(bool)
        return cls(cells.reshape(layout.cells_yx), counts)

    def save(self, folder: Path) -> None:
        """Put it in place of what is in the folder."""
        file = io.BytesIO()
        bits, cells_yx = np.packbits(self.cells), np.array(self.cells.shape)
        np.savez(file, bits=bits, cells_yx=cells_yx, counts=self.counts)
        write_whole(folder / _FILE, file.getbuffer())

    def adding(
        self, layout: StoreLayout, gathered: Mapping[Cell, Mapping[str, NDArray[np.uint8]]]
    ) -> Finished:
        """The same with more rectangles, none of which was finished before."""
        cells, counts = self.cells.copy(), self.counts.copy()
        for cell, values in gathered.items():
            cells[cell] = True
            for row, plane in zip(counts, layout.counted_planes, strict=True):
                row += np.bincount(values[plane].ravel(), minlength=256)
        return Finished(cells, counts)


def save_pending(folder: Path, cells: Iterable[Cell]) -> None:
    """Note which rectangles are about to be written."""
    write_whole(folder / _PENDING, json.dumps(list(cells)).encode())


def load_pending(folder: Path, layout: StoreLayout) -> list[Cell]:
    """The rectangles that a dead writer noted; call it under the store's lock.

    Raises ValueError for a damaged note: nobody knows then what is half-written.
    """
    try:
        return noted_cells(folder / _PENDING, layout.cells_yx)
    except FileNotFoundError:
        return []


def forget_finished(folder: Path) -> None:
    """Nothing of the store counts any more; its next opening makes it anew."""
    (folder / _FILE).unlink(missing_ok=True)


def clear_pending(folder: Path) -> None:
    """Nothing is half-written any more."""
    (folder / _PENDING).unlink(missing_ok=True)
