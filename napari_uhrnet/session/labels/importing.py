"""Labels from a file as corrections of a scene: one edit, undone in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.export.read_back import import_labels
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.labels import words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.store.journal.journal import Journal


def import_mask(
    journal: Journal,
    mask: Path,
    scene: Scene,
    file_classes: ClassTable | None = None,
    *,
    reviewed: bool,
    progress: Callable[[float], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> int:
    """Import the labels of a file or an export; returns how many pixels have a class there.

    Memory holds one part of the file at a time; the journal holds all of it until it is undone or
    forgotten. Unlabelled pixels stay unchanged. ``progress`` is called with the
    share that is done; if it raises, or the file can't be used (UserError), nothing has changed.
    ``note`` is called with a sentence for each thing that was left out or guessed.
    """
    source = f"imported from {mask.name}"

    def write(window: Window, ids: NDArray[np.uint8]) -> None:
        if reviewed:
            journal.mark_reviewed(window, ids, source)
        else:
            journal.edit(window, np.where(ids == NOTHING, journal.store.read(window), ids))

    with journal.group(words.import_edit(mask.name)):
        return import_labels(
            mask,
            scene,
            journal.store.classes,
            write,
            file_classes=file_classes,
            progress=progress,
            note=note,
        )
