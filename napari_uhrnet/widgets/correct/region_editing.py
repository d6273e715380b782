"""Edits of all labels in a polygon or in view: at once if small, else with progress."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.polygon import Polygon
from napari_uhrnet.session.correct.region_edits import (
    BLOCK_PX,
    edit_region,
    mark_region_reviewed,
    unmark_region_reviewed,
)
from napari_uhrnet.session.correct.snapping import snap_region
from napari_uhrnet.widgets.correct import words
from napari_uhrnet.widgets.kit.long_edit import LongEdit, Stopped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.correct.corrections import Corrections
    from napari_uhrnet.session.correct.operations import Operation
    from napari_uhrnet.session.correct.state import CorrectState
    from napari_uhrnet.widgets.correct.painting import Painting
    from napari_uhrnet.widgets.kit.long_edit import Edit

AT_ONCE_PX = BLOCK_PX**2
"""Edits of more pixels run on a thread of their own: this many take about a tenth of a second."""
SNAP_COST = 10
"""Snapping to edges takes this many times as long."""


class RegionEditing(QObject):
    """Runs one edit at a time; while one is on its thread, ``painting`` is busy."""

    ended = Signal(object)
    """An edit was made or undone in a tuple of level-0 windows."""

    def __init__(
        self, painting: Painting, corrections: Corrections, scene: Scene, state: CorrectState
    ) -> None:
        super().__init__()
        self._scene = scene
        self._painting, self._corrections, self._state = painting, corrections, state
        self._windows: tuple[Window, ...] = ()
        self._long = LongEdit()
        self._long.progressed.connect(self._on_progress)
        self._long.ended.connect(self._on_long_ended)

    def end(self) -> None:
        """Undo the running edit, and wait for that."""
        self._long.end()
        self._painting.is_busy = False
        self._state.progress = None

    def close(self) -> None:
        """Undo the running edit, for good."""
        self.end()
        self._long.close()

    def stop(self) -> None:
        """Stop and undo the running edit after its present block."""
        self._long.stop()

    def run(self, edit: Edit, window: Window) -> None:
        """Run an edit of a level-0 window."""
        self._run(edit, around(window))

    def apply(self, polygon: Polygon, operation: Operation) -> None:
        """Apply an operation to all labels in a polygon."""
        self._run(partial(edit_region, self._corrections, polygon, operation), polygon)

    def snap(self, polygon: Polygon, class_id: int, reach_px: int) -> None:
        """Move the border of a class to the image's edges in a polygon."""
        read = self._read_rgb
        edit = partial(snap_region, self._corrections, polygon, class_id, reach_px, read)
        self._run(edit, polygon, SNAP_COST)

    def mark_reviewed(self, polygon: Polygon, checkpoint_hash: str) -> bool:
        """Mark the labels shown in a polygon as reviewed; False if that is refused or fails."""
        edit = partial(mark_region_reviewed, self._corrections, polygon, checkpoint_hash)
        return self._run(edit, polygon)

    def unmark_reviewed(self, polygon: Polygon) -> None:
        """Mark a polygon as not reviewed."""
        self._run(partial(unmark_region_reviewed, self._corrections, polygon), polygon)

    def step(self, *, forward: bool) -> bool:
        """Redo or undo on a thread; False if the next edit is too small for that. Commit before."""
        blocks = self._corrections.journal.next_changes(forward=forward)
        if blocks * BLOCK_PX**2 <= AT_ONCE_PX:
            return False
        again = self._corrections.redo if forward else self._corrections.undo

        def edit(report: object) -> None:
            self._windows = again()

        self._start(edit)
        return True

    def _read_rgb(self, window: Window) -> NDArray[np.uint8]:
        return self._scene.read(window, 0)[0]

    def _run(self, edit: Edit, polygon: Polygon, cost: int = 1) -> bool:
        """False if it is refused, or has failed; a long one has only begun."""
        if self._painting.is_taken or not self._painting.commit_unfinished():
            return False
        self._windows = (polygon.window,)
        if polygon.window.area_px * cost > AT_ONCE_PX:
            self._start(edit)
            return True
        message = ""
        try:
            edit(lambda share: None)
        except UserError as error:
            message = str(error)
        self._state.message = message
        self.ended.emit(self._windows)
        return not message

    def _start(self, edit: Edit) -> None:
        self._painting.is_busy = True
        self._painting.rest(True)
        self._state.progress = 0.0
        self._long.start(edit)

    def _on_progress(self, share: float) -> None:
        if self._painting.is_busy:
            self._state.progress = share

    def _on_long_ended(self, error: BaseException | None) -> None:
        self._painting.is_busy = False
        self._painting.rest(self._state.comparing)
        self._state.progress = None
        self._state.message = ""
        self.ended.emit(self._windows)
        if isinstance(error, Stopped):
            self._state.message = words.CANCELLED
        elif isinstance(error, UserError):
            self._state.message = str(error)
        elif error is not None:
            raise error


def around(window: Window) -> Polygon:
    """The polygon that holds just the pixels of a window."""
    top, left, bottom, right = (
        edge - 0.5 for edge in (window.y, window.x, window.bottom, window.right)
    )
    return Polygon([(top, left), (top, right), (bottom, right), (bottom, left)])
