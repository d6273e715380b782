"""All corrections of a scene at a coarse scale, for views too large to paint in."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_uhrnet.geometry.blocks import blocks_in
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.widgets.correct.paint_layer import HATCH
from napari_uhrnet.widgets.kit.layer_look import class_colormap, placement, undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.components import ViewerModel
    from napari.layers import Image, Labels

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.store.annotations.annotation import AnnotationStore

NAME = "UHRNet corrections (overview)"
LARGEST_PX = 2048
BLOCK_PX = 1024
AT_A_TIME_S = 0.03
HATCH_PX, LINE_PX = 12, 2


class CorrectionsOverview(QObject):
    """Holds every ``step``-th pixel of the corrections; updated a few blocks at a time.

    Reviewed pixels are hatched.
    """

    def __init__(self, viewer: ViewerModel, image: Image, store: AnnotationStore) -> None:
        super().__init__()
        self._viewer, self._image, self._store = viewer, image, store
        height, width = store.shape_yx
        self.step = -(-max(height, width) // LARGEST_PX)
        shape = -(-height // self.step), -(-width // self.step)
        self.labels = np.full(shape, NOTHING, np.uint8)
        taken = set(store.classes.names)
        self._hatch_id = max(i for i in range(NOTHING) if i not in taken)
        self._layer: Labels | None = None
        self._look: tuple[float, frozenset[int]] = (1.0, frozenset())
        self._todo = deque(store.touched_windows())
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._take_next)
        self._timer.start()
        viewer.layers.events.removed.connect(self._on_removed)

    def close(self) -> None:
        """Remove the layer from the viewer."""
        self._timer.stop()
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        if self._layer is not None and self._layer in self._viewer.layers:
            self._viewer.layers.remove(self._layer)

    def look_at(self, *windows: Window) -> None:
        """There are new corrections in some level-0 windows."""
        self._todo.extend(block for window in windows for block in self._blocks(window))
        self._timer.start()

    def set_shown(self, shown: bool) -> None:
        """Show or hide the layer."""
        if shown and self._layer is None:
            self._add()
        if self._layer is not None:
            self._layer.visible = shown

    def set_look(self, opacity: float, hidden: frozenset[int]) -> None:
        """How the labels look; hidden classes are clear."""
        self._look = opacity, hidden
        if self._layer is not None:
            self._layer.opacity = opacity
            more = {self._hatch_id: HATCH}
            self._layer.colormap = class_colormap(self._store.classes, hidden, more)

    def _add(self) -> None:
        step = (self.step, self.step)
        with undisturbed(self._viewer):
            self._layer = self._viewer.add_labels(
                self.labels, name=NAME, **placement(self._image, step)
            )
            self._layer.editable = False
        self.set_look(*self._look)

    def _take_next(self) -> None:
        until = time.monotonic() + AT_A_TIME_S
        while self._todo and time.monotonic() < until:
            self._take(self._todo.popleft())
        if not self._todo:
            self._timer.stop()
        if self._layer is not None and self._layer.visible:
            self._layer.refresh(extent=False, thumbnail=False)

    def _take(self, window: Window) -> None:
        rows, columns = (
            np.arange(-(-start // self.step), -(-stop // self.step))
            for start, stop in ((window.y, window.bottom), (window.x, window.right))
        )
        if not len(rows) or not len(columns):
            return
        place = np.ix_(rows * self.step - window.y, columns * self.step - window.x)
        labels = self._store.read(window)[place]
        lines = (rows[:, None] + columns[None]) % HATCH_PX < LINE_PX
        labels[self._store.reviewed(window)[place] & lines] = self._hatch_id
        self.labels[np.ix_(rows, columns)] = labels

    def _blocks(self, window: Window) -> Iterator[Window]:
        return blocks_in(window.clip(self._store.shape_yx), BLOCK_PX)

    def _on_removed(self, event: Any) -> None:
        if event.value is self._layer:
            self._layer = None
