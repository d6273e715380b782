"""How many corrected and reviewed pixels of each class every chunk holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.store.annotations.planes import LABELS, REVIEWED
from napari_uhrnet.store.files.disk import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.store.annotations.planes import Cell

Row = dict[str, dict[str, list[int]]]
"""Column of the chunk -> class id -> [labelled pixels, reviewed pixels]."""


class Tally:
    """One small file for each row of chunks that was touched, so an update costs the same in
    any scene.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def update(self, counts: Mapping[Cell, NDArray[np.int64]]) -> list[Path]:
        """Replace the (2, 256) counts of some chunks, as `count` gives them; the files changed."""
        rows = sorted({i for i, _ in counts})
        for i in rows:
            row = self._load(i)
            for (k, j), chunk in counts.items():
                if k == i:
                    row[str(j)] = {
                        str(c): chunk[:, c].tolist() for c in np.flatnonzero(chunk[0]).tolist()
                    }
            kept = {j: classes for j, classes in row.items() if classes}
            write_whole(self._path(i), json.dumps(kept).encode())
        return [self._path(i) for i in rows]

    def totals(self) -> NDArray[np.int64]:
        """(2, 256) int64: labelled and reviewed pixels by class id of the whole scene."""
        totals = np.zeros((2, 256), np.int64)
        for row in self._rows():
            for classes in row.values():
                for c, both in classes.items():
                    totals[:, int(c)] += both
        return totals

    def _path(self, i: int) -> Path:
        return self._folder / f"{i}.json"

    def _rows(self) -> Iterator[Row]:
        yield from (json.loads(path.read_bytes()) for path in self._folder.glob("*.json"))

    def _load(self, i: int) -> Row:
        try:
            row: Row = json.loads(self._path(i).read_bytes())
        except FileNotFoundError:
            return {}
        return row


def count(state: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(2, 256) int64: labelled and reviewed pixels by class id of a (3, h, w) block."""
    counts = np.zeros((2, 256), np.int64)
    counts[0] = np.bincount(state[LABELS].ravel(), minlength=256)
    if state[REVIEWED].any():
        counts[1] = np.bincount(state[LABELS][state[REVIEWED] > 0], minlength=256)
    counts[:, NOTHING] = 0
    return counts
