"""The journal of edits: on the disk before anything else, so that a crash loses nothing.

``journal.bin`` beside the pixels holds entries in frames with a checksum:

- ``change``: an edit, its window and its changed pixels before and after;
- ``part`` ... ``part``, ``end``: an edit of many blocks, which counts only with its end;
- ``undo``, ``redo``: of the edit that is next according to the entries before;
- ``stored``: the store has everything up to here, on the disk.

Opening reads the entries, drops a torn or incomplete edit at the end, and applies those since the
last ``stored`` again, which does no harm to what the store already has. Beyond ``max_bytes`` the
journal is written anew beside with the latest half of that in edits that can be undone (never less
than the last edit), and renamed into place.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from napari_uhrnet.errors import UserError
from napari_uhrnet.store.annotations.change import Change
from napari_uhrnet.store.annotations.planes import marked, painted, unmarked
from napari_uhrnet.store.files.disk import disk_errors, sync_folder
from napari_uhrnet.store.journal.frames import FrameFile
from napari_uhrnet.store.journal.history import Edit, History, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.store.annotations.annotation import AnnotationStore

FILE = "journal.bin"
MAX_BYTES = 128 * 2**20
STORED_EVERY = 256
"""After this many entries the pixels are put on the disk for good: what opening must do again."""


class Journal:
    """Edits of one store that can be undone and redone, also after a restart.

    Takes the store for this process; `close` it before the store. One thread.

    Raises
    ------
    UserError
        Another process corrects this scene, or the disk fails. An edit that raises has either
        not happened or is made up for by the next call or opening.
    """

    def __init__(self, store: AnnotationStore, max_bytes: int = MAX_BYTES) -> None:
        self.store = store
        self._path = store.folder / FILE
        self._max_bytes = max_bytes
        self._grouping = False
        store.claim()
        with self._disk():
            self._path.with_name(FILE + ".part").unlink(missing_ok=True)
            self._open()
            try:
                self._catch_up()
            except BaseException:
                self._frames.close()
                raise
        self._compact_above = max(max_bytes, 2 * self._frames.end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Note that the store has everything."""
        with self._disk():
            try:
                if self._since_stored:
                    self._note_stored()
            finally:
                self._frames.close()

    @property
    def undoable(self) -> tuple[str, ...]:
        """Kinds of the edits that can be undone, latest last."""
        return tuple(edit.kind for edit in self._history.done)

    @property
    def redoable(self) -> tuple[str, ...]:
        """Kinds of the edits that can be redone, the next one last."""
        return tuple(edit.kind for edit in self._history.undone)

    def next_changes(self, *, forward: bool) -> int:
        """Number of blocks that the next `redo` (or `undo`) changes: how long it will take."""
        edits = self._history.undone if forward else self._history.done
        return len(edits[-1].offsets) if edits else 0

    def edit(self, window: Window, labels: NDArray[np.uint8], kind: str = "paint") -> Window | None:
        """Set (h, w) uint8 labels (255: untouched again); what changed, None if nothing did."""
        return self._change(window, kind, lambda old: painted(old, labels))

    def mark_reviewed(
        self,
        window: Window,
        shown_labels: NDArray[np.uint8],
        checkpoint_hash: str,
        mask: NDArray[np.bool_] | None = None,
    ) -> Window | None:
        """See `AnnotationStore.mark_reviewed`; what changed, None if nothing did."""
        source = self.store.source_of(checkpoint_hash)
        return self._change(
            window, "mark reviewed", lambda old: marked(old, shown_labels, source, mask)
        )

    def unmark_reviewed(
        self, window: Window, mask: NDArray[np.bool_] | None = None
    ) -> Window | None:
        """See `AnnotationStore.unmark_reviewed`; what changed, None if nothing did."""
        return self._change(window, "unmark reviewed", lambda old: unmarked(old, mask))

    @contextmanager
    def group(self, kind: str) -> Iterator[None]:
        """Edits of blocks that do not overlap become one edit when the body is through.

        Until then the store does not change. If the body fails, nothing has happened.
        """
        if self._grouping:
            raise ValueError("a group is open already")
        with self._disk():
            self._catch_up()
        self._grouping = True
        try:
            yield
            if self._history.parts:
                self._append({"entry": "end", "kind": kind, "time_s": time.time()})
        except BaseException:
            with self._disk():
                self._drop_parts()
            raise
        finally:
            self._grouping = False

    def undo(self) -> tuple[Window, ...]:
        """Take the latest edit back; the windows that changed, none if there was no edit."""
        return self._move("undo", self._history.done)

    def redo(self) -> tuple[Window, ...]:
        """Do what was undone last; the windows that changed, none if there was nothing."""
        return self._move("redo", self._history.undone)

    def _move(self, entry: str, edits: list[Edit]) -> tuple[Window, ...]:
        if not edits:
            return ()
        # Nothing is noted that could not be done.
        for offset in edits[-1].offsets:
            self._change_at(offset)
        return self._append({"entry": entry})

    def forget(self) -> None:
        """Nothing that was done until now can be undone or redone any more."""
        with self._disk():
            self._catch_up()
            self._history = History()
            self._compact()

    def _change(
        self,
        window: Window,
        kind: str,
        become: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
    ) -> Window | None:
        with self._disk():
            self._catch_up()
        old = self.store.read_state(window)
        change = Change.between(window, old, become(old))
        if change is None:
            return None
        entry = "part" if self._grouping else "change"
        head = {"entry": entry, "kind": kind, "time_s": time.time()}
        self._append(head, change.to_bytes())
        return change.window

    def _append(self, head: dict[str, object], body: bytes = b"") -> tuple[Window, ...]:
        """Journal first, then store, then what is due now and then."""
        if self._grouping and head["entry"] not in ("part", "end"):
            raise ValueError("a group is open: nothing can be undone now")
        with self._disk():
            self._catch_up()
            self._history.take(self._frames.append(pack(head, body)), head)
            self._since_stored += 1
            windows = self._catch_up()
            if not self._history.parts:
                self._tidy()
        return windows

    def _catch_up(self) -> tuple[Window, ...]:
        """Apply what the store lacks."""
        windows: list[Window] = []
        while self._history.unapplied:
            edit, forward = self._history.unapplied[0]
            for offset in edit.offsets if forward else reversed(edit.offsets):
                change = self._change_at(offset)
                change.apply(self.store, forward=forward)
                windows.append(change.window)
            del self._history.unapplied[0]
        return tuple(windows)

    def _change_at(self, offset: int) -> Change:
        with self._readable(offset):
            change = Change.from_bytes(unpack(self._frames.read(offset))[1])
            if change.window.clip(self.store.shape_yx) != change.window:
                raise ValueError(f"{change.window} is not in the scene")
        return change

    @contextmanager
    def _readable(self, offset: int) -> Iterator[None]:
        """An entry that is whole but odd is named; nothing is done with it."""
        try:
            yield
        except ValueError as error:
            raise UserError(
                f"{self._path}: the entry at byte {offset} is damaged ({error}): restore the file "
                "from a backup, or move it away, which forgets what can be undone"
            ) from None

    def _drop_parts(self) -> None:
        if self._history.parts:
            self._frames.truncate(self._history.parts[0])
            self._history.parts = []

    def _tidy(self) -> None:
        if self._frames.end > self._compact_above:
            self._compact()
        elif self._since_stored >= STORED_EVERY:
            self._note_stored()

    def _note_stored(self) -> None:
        self._catch_up()
        self.store.sync()
        self._frames.append(pack({"entry": "stored"}))
        self._since_stored = 0

    def _open(self) -> None:
        self._frames = FrameFile(self._path)
        self._history = History()
        self._since_stored = 0
        try:
            for offset, payload in self._frames.scan():
                with self._readable(offset):
                    head = unpack(payload)[0]
                    self._history.take(offset, head)
                self._since_stored = 0 if head["entry"] == "stored" else self._since_stored + 1
            self._drop_parts()
        except BaseException:
            self._frames.close()
            raise

    def _compact(self) -> None:
        self.store.sync()
        beside = self._path.with_name(FILE + ".part")
        beside.unlink(missing_ok=True)
        fresh = FrameFile(beside)
        try:
            for edit in self._kept():
                self._copy(edit, fresh)
            for _ in self._history.undone:
                fresh.append(pack({"entry": "undo"}), sync=False)
            fresh.append(pack({"entry": "stored"}))
        finally:
            fresh.close()
        self._frames.close()
        os.replace(beside, self._path)
        sync_folder(self._path.parent)
        self._open()
        self._compact_above = max(self._max_bytes, 2 * self._frames.end)

    def _kept(self) -> list[Edit]:
        """The latest edits, first done first; those that are undone would be done last."""
        kept: list[Edit] = list(self._history.undone)
        room = self._max_bytes // 2
        for edit in reversed(self._history.done):
            room -= sum(len(self._frames.read(offset)) for offset in edit.offsets)
            if room < 0 and kept:
                break
            kept.append(edit)
        return kept[::-1]

    def _copy(self, edit: Edit, fresh: FrameFile) -> None:
        for offset in edit.offsets:
            fresh.append(self._frames.read(offset), sync=False)
        if unpack(self._frames.read(edit.offsets[0]))[0]["entry"] == "part":
            fresh.append(pack({"entry": "end", "kind": edit.kind}), sync=False)

    def _disk(self) -> AbstractContextManager[None]:
        return disk_errors(self.store.folder, "the corrections", "move the project")
