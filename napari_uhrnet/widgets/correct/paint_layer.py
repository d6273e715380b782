"""The layer that is painted in: a window of the scene in memory, since napari can't paint pyramids.

Everything that napari does not offer in public (its undo history, half-drawn outlines) is in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.widgets.kit.layer_look import class_colormap, label_colormap, placement

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari.components import ViewerModel
    from napari.layers import Image, Labels
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable

NAME, REVIEWED_NAME = "UHRNet corrections", "UHRNet reviewed"
HATCH_PX, LINE_PX = 32, 4
"""Reviewed pixels are hatched with lines so far apart and so wide, in level-0 pixels."""
HATCH = (1.0, 1.0, 1.0, 0.85)


class PaintLayer(QObject):
    """Two layers over the image: the labels that can be painted, and a hatching over reviewed ones.

    Both are made by the first `show`. If the person removes one and ``save`` says that what was
    painted could not be saved, both come back.
    """

    painted = Signal(object)
    """A stroke has ended; the level-0 window that holds it."""
    added = Signal(object)
    """The labels layer was made."""
    released = Signal()
    """The mouse is up again, or about to be."""
    removed = Signal()
    """The user has removed it."""

    def __init__(
        self,
        viewer: ViewerModel,
        image: Image,
        classes: ClassTable,
        save: Callable[[], bool],
    ) -> None:
        super().__init__()
        self._save = save
        self._viewer, self._image, self._classes = viewer, image, classes
        self.layer: Labels | None = None
        self._reviewed: Labels | None = None
        self.window = Window(0, 0, 0, 0)
        self.is_shown = False
        """Whether there is something to paint in (which the user may have hidden)."""
        self.is_pressed = False
        """Whether the mouse is down: a brush counts from where it was in this window."""
        self._removing = False
        viewer.layers.events.removed.connect(self._on_removed)

    def show(self, window: Window, labels: NDArray[np.uint8], reviewed: NDArray[np.bool_]) -> None:
        """Show (h, w) uint8 labels and what of them is reviewed in a level-0 window."""
        before, self.window = self.window, window
        was_shown, self.is_shown = self.is_shown, True
        data, hatching = labels.copy(), self._hatching(window, reviewed)
        if self.layer is None or self._reviewed is None:
            self._add(data, hatching)
            return
        self._let_go_of_strokes(before)
        place = placement(self._image, (1, 1), (window.y, window.x))["translate"]
        for layer, values in ((self.layer, data), (self._reviewed, hatching)):
            layer.data = values
            layer.translate = place
            layer.visible = layer.visible or not was_shown

    def update(
        self, window: Window, labels: NDArray[np.uint8], reviewed: NDArray[np.bool_]
    ) -> None:
        """Show (h, w) values in a part of the window; redrawn only if they are new."""
        if self.layer is None or self._reviewed is None:
            return
        place = window.relative_to(self.window).slices
        hatching = self._hatching(window, reviewed)
        for layer, values in ((self.layer, labels), (self._reviewed, hatching)):
            if not np.array_equal(layer.data[place], values):
                layer.data[place] = values
                layer.refresh(extent=False, thumbnail=False)

    def fill(self, window: Window, mask: NDArray[np.bool_], class_id: int) -> Window:
        """Paint a (h, w) mask of a level-0 window, as far as it can be; the window painted in."""
        inside = window.intersect(self.window)
        if self.layer is not None and inside:
            labels = self.layer.data[inside.relative_to(self.window).slices]
            labels[mask[inside.relative_to(window).slices]] = class_id
            self.layer.refresh(extent=False, thumbnail=False)
        return inside

    def restore(self, labels: NDArray[np.uint8]) -> None:
        """Show (h, w) labels of the whole window again, instead of what was painted."""
        if self.layer is not None:
            self.forget_strokes()
            self.layer.data[...] = labels
            self.layer.refresh(extent=False, thumbnail=False)

    def forget_strokes(self) -> None:
        """The journal does undo: clear napari's own history."""
        if self.layer is not None:
            self.layer._undo_history.clear()
            self.layer._staged_history.clear()

    def hide(self) -> None:
        """Show nothing; what is in the layer must have been committed."""
        self.is_shown = False
        for layer in (self.layer, self._reviewed):
            if layer is not None:
                layer.visible = False

    def remove(self) -> None:
        """Remove the layers from the viewer."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._remove_layers()

    def set_look(self, opacity: float, hidden: frozenset[int]) -> None:
        """How the labels look; hidden classes are clear."""
        if self.layer is not None:
            self.layer.opacity = opacity
            # The colours hold which label is selected.
            chosen = self.layer.selected_label
            self.layer.colormap = class_colormap(self._classes, hidden)
            self.layer.colormap.selection = chosen

    def _add(self, data: NDArray[np.uint8], hatching: NDArray[np.uint8]) -> None:
        place = placement(self._image, (1, 1), (self.window.y, self.window.x))
        self.layer = self._viewer.add_labels(
            data,
            name=NAME,
            colormap=class_colormap(self._classes, frozenset()),
            features={
                "index": self._classes.ids,
                "class": list(self._classes.names.values()),
            },
            **place,
        )
        self._reviewed = self._viewer.add_labels(
            hatching,
            name=REVIEWED_NAME,
            colormap=label_colormap({1: HATCH}),
            opacity=0.7,
            **place,
        )
        self._reviewed.editable = False
        self._viewer.layers.selection.active = self.layer
        self.layer.events.paint.connect(self._on_paint)
        self.layer.mouse_drag_callbacks.append(self._on_press)
        self.added.emit(self.layer)

    def _on_press(self, layer: Labels, event: Any) -> Generator[None, None, None]:
        self.is_pressed = True
        yield
        while event.type == "mouse_move":
            yield
        self.is_pressed = False
        self.released.emit()

    def _on_paint(self, event: Any) -> None:
        self.forget_strokes()
        boxes = [_box(atom) for atom in event.value]
        if any(box is None for box in boxes) or not boxes:
            self.painted.emit(self.window)
            return
        rows, columns = zip(*boxes, strict=True)
        touched = Window.between(
            min(s.start for s in rows),
            min(s.start for s in columns),
            max(s.stop for s in rows),
            max(s.stop for s in columns),
        )
        self.painted.emit(touched.shift(self.window.y, self.window.x))

    def _let_go_of_strokes(self, before: Window) -> None:
        """What is half drawn counts pixels of the old window."""
        assert self.layer is not None
        circle, polygon = (self.layer._overlays[name] for name in ("brush_stroke", "polygon"))
        if circle.active:
            circle.abort(self.layer)
        self.layer._reset_history()
        moved_yx = np.array((before.y - self.window.y, before.x - self.window.x))
        if polygon.points:
            polygon.points = [(np.asarray(p) + moved_yx).tolist() for p in polygon.points]

    def _hatching(self, window: Window, reviewed: NDArray[np.bool_]) -> NDArray[np.uint8]:
        rows = np.arange(window.y, window.bottom)[:, None]
        columns = np.arange(window.x, window.right)[None]
        lines = (rows + columns) % HATCH_PX < LINE_PX
        return np.where(reviewed & lines, np.uint8(1), np.uint8(NOTHING))

    def _on_removed(self, event: Any) -> None:
        if self._removing or event.value not in (self.layer, self._reviewed):
            return
        if self._save():
            self._remove_layers()
            self.removed.emit()
        else:
            QTimer.singleShot(0, self._put_back)

    def _put_back(self) -> None:
        for layer in (self.layer, self._reviewed):
            if layer is not None and layer not in self._viewer.layers:
                self._viewer.layers.append(layer)

    def _remove_layers(self) -> None:
        self._removing = True
        for layer in (self.layer, self._reviewed):
            if layer is not None and layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self.layer = self._reviewed = None
        self._removing = self.is_shown = self.is_pressed = False


def _box(atom: Any) -> tuple[slice, slice] | None:
    """Rows and columns that hold one step of a stroke, None if that is not known."""
    box = getattr(atom, "slice_key", None)
    if not isinstance(box, tuple) or len(box) != 2:
        return None
    rows, columns = box
    return (rows, columns) if isinstance(rows, slice) and isinstance(columns, slice) else None
