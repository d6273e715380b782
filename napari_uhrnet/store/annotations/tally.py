"""How many corrected and reviewed pixels of each class every chunk holds."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.store.annotations.planes import LABELS, REVIEWED
from napari_uhrnet.store.files.disk import write_whole
from napari_uhrnet.strict_json import BadJson, as_object, read_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.store.annotations.planes import Cell
    from napari_uhrnet.store.files.disk import ChunkFiles

Classes = dict[str, list[int]]
"""Class id -> [labelled pixels, reviewed pixels]."""
Row = dict[str, Classes]
"""Column of the chunk -> its classes."""


class Tally:
    """One small file for each row of chunks that was touched, so an update costs the same in
    any scene.

    Everything in them follows from the chunks: what is missing or damaged is counted again.
    """

    def __init__(self, folder: Path, chunks: Sequence[ChunkFiles]) -> None:
        self._folder = folder
        self._chunks = chunks

    def update(self, cells: Iterable[Cell]) -> list[Path]:
        """Count some chunks anew; the files changed."""
        changed = set(cells)
        rows = sorted({i for i, _ in changed})
        for i in rows:
            known = {j: c for j, c in self._load(i).items() if (i, j) not in changed}
            columns = self._chunks[LABELS].written_columns(i)
            row = {j: known.get(j) or self._classes((i, j)) for j in columns}
            write_whole(self._path(i), _packed({str(j): c for j, c in row.items()}))
        return [self._path(i) for i in rows]

    def totals(self) -> NDArray[np.int64]:
        """(2, 256) int64: labelled and reviewed pixels by class id of the whole scene."""
        totals = np.zeros((2, 256), np.int64)
        for i in self._chunks[LABELS].written_rows():
            known = self._load(i)
            for j in self._chunks[LABELS].written_columns(i):
                for c, both in (known.get(j) or self._classes((i, j))).items():
                    totals[:, int(c)] += both
        return totals

    def _classes(self, cell: Cell) -> Classes:
        counts = count(np.stack([plane.read(cell) for plane in self._chunks]))
        return {str(c): counts[:, c].tolist() for c in np.flatnonzero(counts[0]).tolist()}

    def _path(self, i: int) -> Path:
        return self._folder / f"{i}.json"

    def _load(self, i: int) -> dict[int, Classes]:
        """What is known of a row; nothing if its file is missing or damaged."""
        try:
            return _unpacked(read_object(self._path(i)))
        except (FileNotFoundError, BadJson):
            return {}


def _packed(row: Row) -> bytes:
    return json.dumps({"checksum": _checksum(row), "row": row}).encode()


def _unpacked(content: dict[str, Any]) -> dict[int, Classes]:
    row = as_object(content.get("row"))
    if content.get("checksum") != _checksum(row):
        raise BadJson("its checksum is wrong")
    return {int(j): as_object(classes) for j, classes in row.items() if j.isdecimal()}


def _checksum(row: Row) -> int:
    return zlib.crc32(json.dumps(row, sort_keys=True).encode())


def count(state: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(2, 256) int64: labelled and reviewed pixels by class id of a (3, h, w) block."""
    counts = np.zeros((2, 256), np.int64)
    counts[0] = np.bincount(state[LABELS].ravel(), minlength=256)
    if state[REVIEWED].any():
        counts[1] = np.bincount(state[LABELS][state[REVIEWED] > 0], minlength=256)
    counts[:, NOTHING] = 0
    return counts
