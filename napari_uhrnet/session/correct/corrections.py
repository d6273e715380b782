"""Painting over a scene of any size: check a window out, find painted pixels, commit them.

A stroke is committed by the thread that paints it, when the mouse is released. The journal has to
be on the disk before that returns, and it takes half of the time; a second thread could take over
the other half only, the store's, some 15 ms of a loaded machine (``benchmarks/brush.py`` prints
both). That is less than drawing the stroke takes, and not worth reads that must see what another
thread has yet to write. What does take long, edits of many blocks, runs on a thread that has the
corrections to itself (``widgets/kit/long_edit.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.correct.editable import editable_window, still_fits
from napari_uhrnet.session.correct.words import PAINT
from napari_uhrnet.store.annotations.change import bounding_window
from napari_uhrnet.store.files.disk import disk_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.store.journal.journal import Journal

    Predict = Callable[[Window], NDArray[np.uint8]]


@dataclass(frozen=True)
class CheckedOut:
    """The editable window, in level-0 pixels, and what is shown in it.

    ``labels`` is (h, w) uint8 and read-only: the correction where there is one, else the
    prediction, else 255. Paint on a copy. A commit brings it up to date.
    """

    window: Window
    labels: NDArray[np.uint8]


class Corrections:
    """The corrections of one scene over its prediction. One thread.

    Parameters
    ----------
    journal
        Takes the edits.
    predict
        Gives the (h, w) uint8 class ids of a level-0 window in the classes of the store; 255 is
        nothing.
    """

    def __init__(self, journal: Journal, predict: Predict) -> None:
        self.journal = journal
        self.predict = predict
        self.protected: frozenset[int] = frozenset()
        """Pixels that show one of these classes are not changed by any edit."""
        self.checked_out: CheckedOut | None = None

    def shown(self, window: Window) -> NDArray[np.uint8]:
        """(h, w) uint8: the corrections over the prediction."""
        labels = self.journal.store.read(window)
        untouched = labels == NOTHING
        if untouched.any():
            np.copyto(labels, self.predict(window), where=untouched)
        return labels

    def check_out(self, window: Window) -> CheckedOut:
        """Make a window (inside the scene) the editable one."""
        labels = self.shown(window)
        labels.flags.writeable = False
        self.checked_out = CheckedOut(window, labels)
        return self.checked_out

    def move(self, view: Window, painted: NDArray[np.uint8] | None = None) -> CheckedOut | None:
        """Follow the view: commit what was painted and check out another window.

        None if the editable window still fits the view, or the view shows nothing of the scene;
        nothing is committed then.
        """
        shape_yx = self.journal.store.shape_yx
        current = self.checked_out
        if not view.clip(shape_yx) or (current and still_fits(current.window, view, shape_yx)):
            return None
        if current is not None and painted is not None:
            self.commit(painted)
        return self.check_out(editable_window(view, shape_yx))

    def commit(
        self, painted: NDArray[np.uint8], within: Window | None = None, kind: str = PAINT
    ) -> Window | None:
        """Make one edit of the pixels that differ from what was checked out.

        Parameters
        ----------
        painted
            (h, w) uint8 of the whole editable window; 255 lets the pixel follow the prediction.
        within
            Level-0 window that holds the stroke, if that is known; saves comparing the rest.

        Returns
        -------
        Window or None
            Level-0 window around all painted pixels; ``checked_out.labels`` is up to date there. It
            differs from ``painted`` where that erased a label or a class is protected.

        Raises
        ------
        UserError
            It could not be saved, and ``checked_out`` is as before: keep ``painted`` and commit
            all of it again before another window is checked out.
        """
        current = self._current()
        part = (current.window if within is None else within).intersect(current.window)
        place = part.relative_to(current.window)
        before = current.labels[place.slices]
        box = bounding_window(painted[place.slices] != before)
        if not box:
            return None
        window = box.shift(part.y, part.x)
        wanted = painted[window.relative_to(current.window).slices]
        self._edit(window, before[box.slices], wanted, kind)
        self._show(window)
        return window

    def follow(self, window: Window, painted: NDArray[np.uint8]) -> Window | None:
        """Show a prediction that has grown or changed in a level-0 window.

        What was painted and not committed is committed first. Returns the window within the
        editable one where ``checked_out.labels`` is new, None if that is nowhere.
        """
        current = self._current()
        self.commit(painted)
        near = window.intersect(current.window)
        if not near:
            return None
        self._show(near)
        return near

    def undo(self) -> tuple[Window, ...]:
        """Undo the latest edit, wherever it was; the level-0 windows that changed."""
        return self._shown_again(self.journal.undo())

    def redo(self) -> tuple[Window, ...]:
        """Redo what was undone last; the level-0 windows that changed."""
        return self._shown_again(self.journal.redo())

    def keeping_protected(
        self, shown: NDArray[np.uint8], wanted: NDArray[np.uint8]
    ) -> NDArray[np.bool_]:
        """(h, w) bool: where a wanted label differs from the shown one and may replace it."""
        changed: NDArray[np.bool_] = wanted != shown
        if self.protected:
            changed &= ~np.isin(shown, list(self.protected))
        return changed

    def _edit(
        self,
        window: Window,
        shown: NDArray[np.uint8],
        wanted: NDArray[np.uint8],
        kind: str,
    ) -> Window | None:
        changed = self.keeping_protected(shown, wanted)
        if not changed.any():
            return None
        with disk_errors(self.journal.store.folder, "the corrections", "move the project"):
            # Pixels that were not painted keep following the prediction.
            labels = self.journal.store.read(window)
            labels[changed] = wanted[changed]
            return self.journal.edit(window, labels, kind)

    def _shown_again(self, windows: tuple[Window, ...]) -> tuple[Window, ...]:
        if self.checked_out is not None:
            for window in windows:
                near = window.intersect(self.checked_out.window)
                if near:
                    self._show(near)
        return windows

    def _show(self, window: Window) -> None:
        current = self._current()
        current.labels.flags.writeable = True
        current.labels[window.relative_to(current.window).slices] = self.shown(window)
        current.labels.flags.writeable = False

    def _current(self) -> CheckedOut:
        if self.checked_out is None:
            raise ValueError("no window is checked out")
        return self.checked_out
