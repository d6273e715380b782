"""Corrections on disk: labels of a scene that a person painted or reviewed.

A folder holds ``pixels.zarr`` (see `planes`), ``counts/`` and ``journal.bin`` (see `journal`).
A write notes its chunks in ``pending.json``, writes them, counts them, and clears the note; a
process that finds a note when it takes the store over counts those chunks again. So counts never
disagree with pixels, and only `journal.Journal` is needed to make a write of several chunks whole.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from filelock import FileLock, Timeout

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.store.annotations.about import PIXELS, About
from napari_uhrnet.store.annotations.planes import (
    FILL,
    LABELS,
    PLANES,
    REVIEWED,
    marked,
    painted,
    pieces,
    unmarked,
)
from napari_uhrnet.store.annotations.tally import Tally
from napari_uhrnet.store.files.disk import ChunkFiles, disk_errors, sync_file, sync_folder
from napari_uhrnet.store.files.notes import noted_cells
from napari_uhrnet.strict_json import BadJson

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.store.annotations.planes import Cell

_PENDING = "pending.json"
_DAMAGED = "this part of the corrections is damaged: restore the file from a backup or delete it"


@dataclass(frozen=True)
class Counts:
    """Labelled pixels (corrected or reviewed) by class id, and those of them that are reviewed."""

    labelled_px: dict[int, int]
    reviewed_px: dict[int, int]
    scene_px: int

    @property
    def reviewed_share(self) -> float:
        """Part of the scene that is reviewed, 0..1."""
        return sum(self.reviewed_px.values()) / self.scene_px


class AnnotationStore:
    """Corrections of one scene in level-0 pixels; untouched chunks take no space.

    Any process may read. The first write takes the store for this process until `close`, and
    raises `UserError` if another one has it. One thread writes; any may read. While a `Journal` is
    open, write through it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._about = About.load(folder)
        self._chunks = [
            ChunkFiles(folder / PIXELS / plane, self._about.chunk_shape, fill, _DAMAGED)
            for plane, fill in zip(PLANES, FILL, strict=True)
        ]
        self._tally = Tally(folder / "counts", self._chunks)
        # Opened by one thread and closed by another.
        self._lock = FileLock(folder / "writer.lock", timeout=0, thread_local=False)
        self._unsynced: set[Path] = set()

    @classmethod
    def create(
        cls, folder: Path, shape_yx: tuple[int, int], classes: ClassTable, fingerprint: str
    ) -> Self:
        """A new, empty store; its folder must not exist yet.

        Parameters
        ----------
        shape_yx
            (height, width) of level 0 of the scene.
        classes
            What the ids mean.
        fingerprint
            The scene's.

        Raises
        ------
        UserError
            There is something already, or the folder can't be written.
        """
        if folder.exists():
            raise UserError(f"{folder}: there is something already: open it or choose another name")
        with _disk(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            About((int(shape_yx[0]), int(shape_yx[1])), classes, fingerprint).create(folder)
        return cls(folder)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The store in a folder; UserError if there is none."""
        return cls(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let other processes write, also if the disk fails. Twice is once."""
        if self._lock.is_locked:
            try:
                self.sync()
            finally:
                self._lock.release()

    @property
    def shape_yx(self) -> tuple[int, int]:
        """(height, width) of level 0 of the scene."""
        return self._about.shape_yx

    @property
    def classes(self) -> ClassTable:
        """What the ids mean."""
        return self._about.classes

    @property
    def fingerprint(self) -> str:
        """The scene's."""
        return self._about.fingerprint

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """Hashes of the checkpoints that reviewed pixels came from; source k is number k - 1."""
        return self._about.checkpoints

    def read(self, window: Window) -> NDArray[np.uint8]:
        """(h, w) uint8 class ids of a window inside the scene; 255 = untouched."""
        return self._read_plane(LABELS, window)

    def reviewed(self, window: Window) -> NDArray[np.bool_]:
        """(h, w) bool: which pixels of a window inside the scene are reviewed."""
        return self._read_plane(REVIEWED, window) > 0

    def read_state(self, window: Window) -> NDArray[np.uint8]:
        """(3, h, w) uint8 planes of a window inside the scene, see `planes`."""
        return np.stack([self._read_plane(plane, window) for plane in range(len(PLANES))])

    def write(self, window: Window, labels: NDArray[np.uint8]) -> None:
        """Set (h, w) uint8 labels; 255 makes a pixel untouched and not reviewed."""
        self.write_state(window, painted(self.read_state(window), labels))

    def mark_reviewed(
        self,
        window: Window,
        shown_labels: NDArray[np.uint8],
        checkpoint_hash: str,
        mask: NDArray[np.bool_] | None = None,
    ) -> None:
        """Freeze the (h, w) labels that are shown in a window, in a mask (h, w) if there is one.

        Where 255 is shown there is nothing to review.
        """
        source = self.source_of(checkpoint_hash)
        self.write_state(window, marked(self.read_state(window), shown_labels, source, mask))

    def unmark_reviewed(self, window: Window, mask: NDArray[np.bool_] | None = None) -> None:
        """Make a window (inside the mask) not reviewed again; its labels stay."""
        self.write_state(window, unmarked(self.read_state(window), mask))

    def source_of(self, checkpoint_hash: str) -> int:
        """Number of a checkpoint, 1..255; a new one is noted."""
        self.claim()
        if checkpoint_hash not in self._about.checkpoints:
            about = self._about.with_checkpoint(checkpoint_hash)
            with _disk(self.folder):
                about.save(self.folder)
            self._about = about
        return self._about.checkpoints.index(checkpoint_hash) + 1

    def set_classes(self, classes: ClassTable) -> None:
        """Replace the class table; the labels stay as they are."""
        self.claim()
        about = replace(self._about, classes=classes)
        with _disk(self.folder):
            about.save(self.folder)
        self._about = about

    def touched_windows(self) -> Iterator[Window]:
        """Chunks that hold labels, row by row, clipped to the scene; read off the files' names."""
        height, width = self._about.chunk_shape
        for i, j in self._chunks[LABELS].written():
            yield Window(i * height, j * width, height, width).clip(self.shape_yx)

    def counts(self) -> Counts:
        """Pixels by class, from what was counted when each chunk was written."""
        with _disk(self.folder):
            labelled, reviewed = (
                {int(c): int(row[c]) for c in np.flatnonzero(row)} for row in self._tally.totals()
            )
        return Counts(labelled, reviewed, self.shape_yx[0] * self.shape_yx[1])

    def claim(self) -> None:
        """Take the store for this process, as the first write does.

        Raises
        ------
        UserError
            Another process has it, or the folder can't be written.
        """
        if not self.try_claim():
            raise UserError(
                f"{self.folder}: another program is correcting this scene: close it there first"
            )

    def try_claim(self) -> bool:
        """Whether the store is this process's now; False if another one has it."""
        if self._lock.is_locked:
            return True
        with _disk(self.folder):
            try:
                self._lock.acquire()
            except Timeout:
                return False
            try:
                self._about = About.load(self.folder)
                self._count(self._load_pending())
            except BaseException:
                self._lock.release()
                raise
        return True

    def sync(self) -> None:
        """Put on the disk what was written, so that it outlasts a power failure."""
        with _disk(self.folder):
            for path in sorted(self._unsynced):
                sync_file(path)
            for folder in sorted({path.parent for path in self._unsynced}):
                sync_folder(folder)
        self._unsynced.clear()

    def write_state(self, window: Window, state: NDArray[np.uint8]) -> None:
        """Set the (3, h, w) uint8 planes of a window inside the scene."""
        self._check(window, state.shape[1:])
        self.claim()
        parts = list(pieces(window, self._about.chunk_shape))
        with _disk(self.folder):
            (self.folder / _PENDING).write_text(json.dumps([p[0] for p in parts]))
            for cell, in_chunk, in_window in parts:
                for plane, values in enumerate(state):
                    self._write_piece(plane, cell, in_chunk, values[in_window])
            self._count([p[0] for p in parts])

    def _write_piece(
        self, plane: int, cell: Cell, place: tuple[slice, slice], values: NDArray[np.uint8]
    ) -> None:
        chunks = self._chunks[plane]
        chunk = chunks.read(cell)
        if np.array_equal(chunk[place], values):
            return
        chunk[place] = values
        if (chunk == FILL[plane]).all():
            chunks.remove(cell)
        else:
            chunks.write(cell, chunk)
        self._unsynced.add(chunks.path(cell))

    def _count(self, cells: Sequence[Cell]) -> None:
        """Count some chunks anew, and clear the note of them."""
        self._unsynced.update(self._tally.update(cells))
        (self.folder / _PENDING).unlink(missing_ok=True)

    def _load_pending(self) -> list[Cell]:
        """Chunks whose counts may be old: those noted; all, if the note is damaged."""
        grid = tuple(
            -(-n // c) for n, c in zip(self.shape_yx, self._about.chunk_shape, strict=True)
        )
        try:
            return noted_cells(self.folder / _PENDING, (grid[0], grid[1]))
        except FileNotFoundError:
            return []
        except BadJson:
            return list(self._chunks[LABELS].written())

    def _read_plane(self, plane: int, window: Window) -> NDArray[np.uint8]:
        self._check(window, window.shape_yx)
        values = np.full(window.shape_yx, FILL[plane], np.uint8)
        with _disk(self.folder):
            for cell, in_chunk, in_window in pieces(window, self._about.chunk_shape):
                values[in_window] = self._chunks[plane].read(cell)[in_chunk]
        return values

    def _check(self, window: Window, shape_yx: tuple[int, ...]) -> None:
        if window.clip(self.shape_yx) != window or shape_yx != window.shape_yx:
            raise ValueError(f"{shape_yx} pixels for {window} of a scene of {self.shape_yx}")


def _disk(folder: Path) -> AbstractContextManager[None]:
    return disk_errors(folder, "the corrections", "move the project")
