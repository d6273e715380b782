"""Corrections take over another class table: merged classes are rewritten chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.store.annotations.planes import LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.store.annotations.annotation import AnnotationStore
    from napari_uhrnet.store.journal.journal import Journal


def take_classes(
    store: AnnotationStore,
    journal: Journal,
    classes: ClassTable,
    merged: Sequence[tuple[int, int]] = (),
) -> None:
    """Give a store the classes of its project, after all merges (from, to) there ever were.

    The table is replaced last, so that a process that finds the old one starts over; doing it twice
    does no harm. If an id goes or means something else now, nothing older can be undone: that would
    bring labels back that have no class.
    """
    if store.classes == classes:
        return
    if not _means_the_same(store.classes, classes):
        _rewrite(store, _becomes(merged))
        journal.forget()
    store.set_classes(classes)


def _means_the_same(old: ClassTable, new: ClassTable) -> bool:
    """Whether every id of the old table is of the same class, perhaps renamed, in the new one."""
    known = {c.id: (c.name, *c.aliases) for c in new.classes}
    return all(c.name in known.get(c.id, ()) for c in old.classes)


def _becomes(merged: Sequence[tuple[int, int]]) -> NDArray[np.uint8]:
    """(256,) uint8: what each id is after all merges."""
    lut = np.arange(256, dtype=np.uint8)
    for gone, kept in merged:
        lut[lut == gone] = kept
    return lut


def _rewrite(store: AnnotationStore, lut: NDArray[np.uint8]) -> None:
    for window in list(store.touched_windows()):
        state = store.read_state(window)
        labels = lut[state[LABELS]]
        if not np.array_equal(labels, state[LABELS]):
            state[LABELS] = labels
            store.write_state(window, state)
