"""Predictions on disk: class ids and confidences of the rectangles that are finished.

Order of a flush, under the store's lock: note the rectangles as pending, write their pixels chunk
by chunk into all planes and pyramid levels, set their bits, clear the note. A process that
finds a note under the lock can be sure that its writer died, and sets the rectangles that are not
finished back to 255. So the arrays that napari shows hold whole rectangles or nothing, and levels
never contradict each other for longer than a flush takes.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.store.files.cache import LAST_USED, move_away
from napari_uhrnet.store.files.disk import ChunkFiles, Damaged, disk_errors
from napari_uhrnet.store.files.in_use import UseMarker, is_in_use, store_lock
from napari_uhrnet.store.predictions.creation import LAYOUT_KEY, create_empty
from napari_uhrnet.store.predictions.finished import (
    Finished,
    clear_pending,
    forget_finished,
    load_pending,
    save_pending,
)
from napari_uhrnet.store.predictions.layout import Cell, StoreLayout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import zarr
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.window import Window

MAX_GATHERED_BYTES = 32 * 2**20
_NOT_THIS_STORE = (
    Damaged,
    AttributeError,
    FileNotFoundError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What opening a store raises that is not there, of another kind, or damaged."""
_ADVICE = "the cached prediction is damaged: segment again, which makes it anew"


class PredictionStore:
    """The finished rectangles of one prediction; `open` makes one.

    One thread writes; any thread may ask. Several processes may have the same store open and write
    different (or the same) rectangles.
    """

    def __init__(self, folder: Path, layout: StoreLayout) -> None:
        import zarr

        group = zarr.open_group(folder, mode="r")
        if group.attrs.asdict().get(LAYOUT_KEY) != layout.to_attributes():
            raise KeyError(LAYOUT_KEY)
        self._folder = folder
        self._layout = layout
        self._levels: dict[str, list[zarr.Array]] = {
            plane: [group[f"{plane}/{level}"] for level in range(len(layout.steps))]
            for plane in layout.planes
        }
        for arrays in self._levels.values():
            found = [(array.shape, array.chunks, str(array.dtype)) for array in arrays]
            wanted = [(layout.level_shape(s), layout.chunk_shape(s), "uint8") for s in layout.steps]
            if found != wanted:
                raise ValueError(f"{folder}: holds other arrays")
        self.attributes: dict[str, Any] = group.attrs.asdict()
        self._state = Finished.load(folder, layout)
        self._gathered: dict[Cell, dict[str, NDArray[np.uint8]]] = {}
        self._gathered_bytes = 0
        self._readable: list[Window] = []
        self._marker: UseMarker | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        shape_yx: tuple[int, int],
        row_edges: Sequence[int],
        column_edges: Sequence[int],
        planes: Sequence[str],
        attributes: dict[str, Any],
    ) -> PredictionStore:
        """Open the store in a folder, or create it.

        A folder that holds something else (another shape, other edges or planes, an older format, a
        store that was damaged) is deleted and created anew: a prediction can be computed again.

        Parameters
        ----------
        shape_yx
            (height, width) of the inference grid.
        row_edges, column_edges
            Ascending from 0 to the shape. Rectangle (i, j) has the rows ``row_edges[i] ..
            row_edges[i + 1]`` and likewise columns.
        planes
            Names such as "fused/labels". All are uint8; 255 is nothing.
        attributes
            Kept with the store (JSON); those of an existing one stay as they are.

        Raises
        ------
        UserError
            The disk is full, the folder can't be written, or what would have to be deleted is in
            use by another process.
        """
        layout = StoreLayout(
            (int(shape_yx[0]), int(shape_yx[1])),
            tuple(map(int, row_edges)),
            tuple(map(int, column_edges)),
            tuple(planes),
        )
        with disk_errors(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            with store_lock(folder):
                store = _open_or_create(folder, layout, attributes)
                store._marker = UseMarker(folder)
                (folder / LAST_USED).touch()
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Flush, and let the store be deleted when the cache is trimmed. Twice is once."""
        if self._marker is None:
            return
        try:
            self.flush()
            with disk_errors(self._folder):
                (self._folder / LAST_USED).touch()
        finally:
            self._marker.release()
            self._marker = None

    @property
    def folder(self) -> Path:
        """Where the store is."""
        return self._folder

    @property
    def layout(self) -> StoreLayout:
        """Shape, rectangles, planes and levels."""
        return self._layout

    def window(self, i: int, j: int) -> Window:
        """Pixels of rectangle (i, j)."""
        return self._layout.window((i, j))

    def finished(self) -> NDArray[np.bool_]:
        """(rows, columns) bool copy: which rectangles can be read."""
        return self._state.cells.copy()

    def is_finished(self, i: int, j: int) -> bool:
        """Whether rectangle (i, j) can be read."""
        return bool(self._state.cells[i, j])

    def finished_area_px(self) -> int:
        """Pixels of all finished rectangles."""
        return int(self._layout.areas_px[self._state.cells].sum())

    def class_counts(self, plane: str) -> NDArray[np.int64]:
        """(256,) finished pixels of each class id in a plane of labels."""
        counts: NDArray[np.int64] = self._state.counts[self._layout.counted_planes.index(plane)]
        return counts.copy()

    def refresh(self) -> None:
        """See what other processes finished meanwhile."""
        with disk_errors(self._folder), store_lock(self._folder):
            self._state = self._loaded()

    def levels(self, plane: str) -> list[zarr.Array]:
        """The pyramid of a plane, finest first; read-only arrays whose content grows.

        Level k is ``level0[::step, ::step]``. The last one is for napari's thumbnail only.
        """
        return list(self._levels[plane])

    def read(self, plane: str, window: Window) -> NDArray[np.uint8]:
        """(h, w) uint8 of a window inside the shape; 255 in rectangles that are not finished."""
        if window.clip(self._layout.shape_yx) != window:
            raise ValueError(f"{window} is not inside of {self._layout.shape_yx}")
        state = self._state
        with disk_errors(self._folder), self._dropped_if_damaged():
            values = self._stored(plane, window)
        rows, columns = (
            np.searchsorted(edges, np.arange(start, stop), side="right") - 1
            for edges, start, stop in zip(
                self._layout.edges_yx,
                (window.y, window.x),
                (window.bottom, window.right),
                strict=True,
            )
        )
        return np.where(state.cells[np.ix_(rows, columns)], values, np.uint8(NOTHING))

    def write(self, i: int, j: int, values: Mapping[str, NDArray[np.uint8]]) -> None:
        """Keep a rectangle, (h, w) uint8 for every plane, in memory until the next `flush`.

        Flushes by itself when much has gathered. The arrays must not be changed afterwards.
        """
        shape = self._layout.window((i, j)).shape_yx
        if set(values) != set(self._layout.planes):
            raise ValueError(f"planes {sorted(values)} instead of {sorted(self._layout.planes)}")
        if any(v.shape != shape or v.dtype != np.uint8 for v in values.values()):
            raise ValueError(f"rectangle {i, j} needs uint8 arrays of shape {shape}")
        if (i, j) not in self._gathered:
            self._gathered_bytes += shape[0] * shape[1] * len(values)
        self._gathered[i, j] = dict(values)
        if self._gathered_bytes > MAX_GATHERED_BYTES:
            self._flush()

    def flush(self) -> tuple[Window, ...]:
        """Write what was gathered; the windows that became readable since the last call.

        Raises
        ------
        UserError
            The disk is full or fails. What was gathered is kept, so flush may be called again.
        """
        self._flush()
        readable, self._readable = tuple(self._readable), []
        return readable

    def _flush(self) -> None:
        if not self._gathered:
            return
        with disk_errors(self._folder), store_lock(self._folder), self._dropped_if_damaged():
            self._recover()
            # What another process finished first is the same and is not written again.
            new = {c: v for c, v in self._gathered.items() if not self._state.cells[c]}
            save_pending(self._folder, new)
            self._write_pixels(new)
            state = self._state.adding(self._layout, new)
            state.save(self._folder)
            clear_pending(self._folder)
        self._state = state
        self._readable += [self._layout.window(c) for c in self._gathered]
        self._gathered, self._gathered_bytes = {}, 0

    def _recover(self) -> None:
        """Take over what others finished and undo what a dead writer left; under the lock."""
        self._state = self._loaded()
        pending = self._pending()
        if not pending:
            return
        self._write_pixels(
            {
                cell: dict.fromkeys(
                    self._layout.planes,
                    np.full(self._layout.window(cell).shape_yx, NOTHING, np.uint8),
                )
                for cell in pending
                if not self._state.cells[cell]
            }
        )
        clear_pending(self._folder)

    @contextmanager
    def _dropped_if_damaged(self) -> Iterator[None]:
        """What is damaged is not opened again: the next `open` makes the store anew."""
        try:
            yield
        except Damaged:
            forget_finished(self._folder)
            raise

    def _stored(self, plane: str, window: Window) -> NDArray[np.uint8]:
        try:
            return np.asarray(self._levels[plane][0][window.slices])
        except (RuntimeError, ValueError) as error:  # from zarr's codecs
            raise Damaged(f"{self._folder}: {_ADVICE}") from error

    def _loaded(self) -> Finished:
        try:
            return Finished.load(self._folder, self._layout)
        except ValueError as error:
            raise Damaged(f"{self._folder}: {_ADVICE}") from error

    def _pending(self) -> list[Cell]:
        try:
            return load_pending(self._folder, self._layout)
        except ValueError as error:
            raise Damaged(f"{self._folder}: {_ADVICE}") from error

    def _write_pixels(self, values: Mapping[Cell, Mapping[str, NDArray[np.uint8]]]) -> None:
        """Put rectangles into every plane and level, touching each chunk once."""
        for level, step in enumerate(self._layout.steps):
            pieces = self._layout.pieces(values, step)
            for plane in self._layout.planes:
                chunks = ChunkFiles(
                    self._folder / plane / str(level), self._layout.chunk_shape(step)
                )
                for index, parts in pieces.items():
                    chunk = chunks.read(index)
                    for cell, in_chunk, source in parts:
                        chunk[in_chunk] = values[cell][plane][source]
                    chunks.write(index, chunk)


def _open_or_create(
    folder: Path, layout: StoreLayout, attributes: dict[str, Any]
) -> PredictionStore:
    try:
        store = PredictionStore(folder, layout)
        store._recover()
        return store
    except _NOT_THIS_STORE:
        # It can be computed again.
        if folder.exists():
            if is_in_use(folder):
                raise UserError(
                    f"{folder}: another program uses this cache folder with other settings: close "
                    "it or move the cache with NAPARI_UHRNET_CACHE"
                ) from None
            shutil.rmtree(move_away(folder), ignore_errors=True)
    create_empty(folder, layout, attributes)
    return PredictionStore(folder, layout)
