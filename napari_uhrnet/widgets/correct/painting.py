"""Painting in the part of a scene that is on screen: tools, and committing of strokes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.correct.editable import EDIT_PX, editable_window
from napari_uhrnet.session.correct.words import PAINT, SUPERPIXEL
from napari_uhrnet.widgets.correct import words
from napari_uhrnet.widgets.correct.paint_layer import PaintLayer
from napari_uhrnet.widgets.correct.superpixel_brush import SuperpixelBrush, drag
from napari_uhrnet.widgets.kit.view import screen_px

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.components import ViewerModel
    from napari.layers import Image, Labels

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.correct.corrections import Corrections
    from napari_uhrnet.session.correct.state import CorrectState, Tool

MOST_PX_PER_SCREEN_PX = 2.0
"""Pixels smaller than this are not worth painting."""

MODES: dict[Tool, str] = {
    "move": "pan_zoom",
    "paint": "paint",
    "erase": "erase",
    "fill": "fill",
    "pick": "pick",
    "superpixel": "pan_zoom",
}
TOOLS: dict[str, Tool] = {mode: tool for tool, mode in MODES.items() if tool != "superpixel"}


class Painting(QObject):
    """Keeps the paint layer, the tools and the corrections of one scene in step."""

    edited = Signal(object)
    """There are new corrections in a level-0 window."""
    shown = Signal(bool)
    """Whether the paint layer shows what is in view."""
    made = Signal(object)
    """The labels layer was made."""
    removed = Signal()
    """The user has removed it."""

    def __init__(
        self,
        viewer: ViewerModel,
        image: Image,
        scene: Scene,
        corrections: Corrections,
        state: CorrectState,
    ) -> None:
        super().__init__()
        self._viewer, self._image, self._state = viewer, image, state
        self._corrections = corrections
        self._superpixels = SuperpixelBrush(scene)
        self.is_busy = False
        """Whether an edit on another thread uses the corrections: nothing may be painted."""
        self._setting = False
        self._unreadable = ""
        """The message about a window that could not be read, until one can."""
        self._grown: Window | None = None
        """Where the prediction has grown, and that is not shown yet."""
        self._superpixel_px: Window | None = None
        """Level-0 window that holds the superpixels painted by the present drag."""
        self.paint = PaintLayer(viewer, image, corrections.journal.store.classes, self.commit)
        self.paint.painted.connect(self.commit)
        self.paint.added.connect(self._on_added)
        self.paint.removed.connect(self.removed)
        self._wiring = (
            (state.events.tool, self._show_tool),
            (state.events.class_id, self._show_class),
            (state.events.brush_px, self._show_brush),
        )
        for signal, show in self._wiring:
            signal.connect(show)

    def close(self) -> None:
        """Remove the layers; commit before, what is not committed is lost."""
        for signal, show in self._wiring:
            signal.disconnect(show)
        self.paint.remove()
        self.shown.emit(False)

    @property
    def is_taken(self) -> bool:
        """Whether the person is in the middle of a stroke, or `is_busy`: nothing else may edit."""
        return self.is_busy or self.paint.is_pressed

    def follow_view(self, view: Window | None) -> None:
        """Make what is on screen paintable, if it is large enough there."""
        if self.is_busy or self.paint.is_pressed or self._state.comparing:
            return
        if view is None or not self._is_large_enough(view):
            self._leave()
        elif not self.paint.is_shown or not self.paint.window.contains(view):
            if not self.commit():
                return
            shape_yx = self._corrections.journal.store.shape_yx
            self._check_out(editable_window(view, shape_yx))

    def rest(self, resting: bool) -> None:
        """Pause painting: the layer is not seen, or in use by another thread."""
        if not self.paint.is_shown:
            return
        if resting:
            self._set_mode("pan_zoom")
        else:
            self._show_tool()
        self._state.can_paint = not resting

    def commit(self, within: Window | None = None) -> bool:
        """Make what was painted an edit; False if it could not be saved.

        Then it stays in the layer, all of it is tried again next time, and the window must stay
        where it is: check out no other one.
        """
        layer, state = self.paint.layer, self._state
        if layer is None or not self.paint.is_shown or self.is_busy:
            return True
        kind = PAINT if self._superpixel_px is None else SUPERPIXEL
        within = None if state.unsaved else within or self._superpixel_px
        try:
            changed = self._corrections.commit(layer.data, within, kind)
        except UserError as error:
            state.unsaved = state.message = words.unsaved(str(error))
            return False
        self._superpixel_px = None
        if changed is not None:
            self._saved()
            self.show_again((changed,))
            self.edited.emit(changed)
        elif state.unsaved:
            self._saved()
        return True

    def commit_unfinished(self) -> bool:
        """`commit`, including an unfinished stroke, which napari can't undo any more then."""
        committed = self.commit()
        self.paint.forget_strokes()
        return committed

    def discard(self) -> None:
        """Give up what was painted and could not be saved."""
        out = self._corrections.checked_out
        self._superpixel_px = None
        if out is not None:
            self.paint.restore(out.labels)
        self._saved()

    def show_again(self, windows: tuple[Window, ...]) -> None:
        """Show what is in some level-0 windows now."""
        out = self._corrections.checked_out
        if out is None or not self.paint.is_shown:
            return
        for window in windows:
            near = window.intersect(out.window)
            if near:
                labels = out.labels[near.relative_to(out.window).slices]
                self.paint.update(near, labels, self._corrections.journal.store.reviewed(near))

    def check_out_again(self) -> None:
        """Show what is stored now."""
        if self.paint.is_shown:
            self._check_out(self.paint.window)

    def follow_prediction(self, window: Window) -> None:
        """The prediction has grown in a level-0 window."""
        self._grown = window if self._grown is None else window.around(self._grown)
        self.show_grown()

    def show_grown(self) -> None:
        """Show where the prediction has grown; in the middle of a stroke that waits for its end."""
        layer, grown = self.paint.layer, self._grown
        if layer is None or not self.paint.is_shown or self.is_busy:
            self._grown = None  # shown when the window is checked out
            return
        if grown is None or self.paint.is_pressed or not self.commit():
            return
        self._grown = None
        with self.showing_errors():
            near = self._corrections.follow(grown, layer.data)
            if near is not None:
                self.show_again((near,))

    @contextmanager
    def showing_errors(self) -> Iterator[None]:
        """A `UserError` becomes the panel's message, which stays until the next edit succeeds."""
        try:
            yield
        except UserError as error:
            self._state.message = str(error)

    def _saved(self) -> None:
        """An edit has succeeded: nothing that failed before it needs to be said any more."""
        self._state.unsaved = self._state.message = ""

    def _is_large_enough(self, view: Window) -> bool:
        large = screen_px(self._viewer, self._image) * MOST_PX_PER_SCREEN_PX >= 1
        return large and max(view.shape_yx) <= EDIT_PX

    def _leave(self) -> None:
        if self.paint.is_shown:
            if not self.commit():
                return
            # The layer would be painted in although it is not seen.
            self._set_mode("pan_zoom")
            self.paint.hide()
            self.shown.emit(False)
        self._state.can_paint = False

    def _check_out(self, window: Window) -> None:
        state = self._state
        try:
            reviewed = self._corrections.journal.store.reviewed(window)
            out = self._corrections.check_out(window)
        except UserError as error:
            self._unreadable = state.message = str(error)
            return
        if self._unreadable and state.message == self._unreadable:
            state.message = self._unreadable = ""
        was_shown = self.paint.is_shown
        self.paint.show(out.window, out.labels, reviewed)
        state.can_paint = not state.comparing
        if not was_shown:
            self.shown.emit(True)
            self._show_tool()

    # The layer and its tools.

    def _on_added(self, layer: Labels) -> None:
        layer.mouse_drag_callbacks.append(
            drag(lambda: self._state.tool == "superpixel", self._paint_superpixel, self.commit)
        )
        self._show_class()
        self._show_brush()
        layer.events.mode.connect(self._on_mode)
        layer.events.selected_label.connect(self._on_selected_label)
        layer.events.brush_size.connect(self._on_brush_size)
        for number, entry in enumerate(self._corrections.journal.store.classes.classes[:9], 1):
            layer.bind_key(str(number), self._chooser(entry.id), overwrite=True)
        # napari's keys would paint 255, or a class that does not exist.
        for key in ("B", "M"):
            # Not "...": napari 0.9 asks for the name of what is bound.
            layer.bind_key(key, _nothing, overwrite=True)
        self.made.emit(layer)

    def _chooser(self, class_id: int) -> Callable[[Any], None]:
        # A function, not a partial: napari asks for its name.
        def choose(_: Any) -> None:
            self._state.class_id = class_id

        return choose

    def _show_tool(self) -> None:
        layer, tool = self.paint.layer, self._state.tool
        if layer is None or tool not in MODES or not self.paint.is_shown:
            return
        if self.is_busy or self._state.comparing:
            return
        self._viewer.layers.selection.active = layer
        self._set_mode(MODES[tool])
        if tool == "superpixel":
            layer.mouse_pan = False

    def _set_mode(self, mode: str) -> None:
        if self.paint.layer is not None:
            self._setting = True
            self.paint.layer.mode = mode
            self._setting = False
            self.paint.layer.mouse_pan = mode == "pan_zoom"

    def _on_mode(self) -> None:
        if not self._setting and self.paint.layer is not None:
            self._state.tool = TOOLS.get(str(self.paint.layer.mode), "other")

    def _show_class(self) -> None:
        layer = self.paint.layer
        if layer is not None and layer.selected_label != self._state.class_id:
            layer.selected_label = self._state.class_id

    def _on_selected_label(self) -> None:
        layer = self.paint.layer
        if layer is None:
            return
        chosen = int(layer.selected_label)
        if chosen not in self._corrections.journal.store.classes.names:
            layer.selected_label = self._state.class_id
        else:
            self._state.class_id = chosen
        if self._state.tool == "pick":
            self._state.tool = "paint"

    def _show_brush(self) -> None:
        if self.paint.layer is not None:
            self.paint.layer.brush_size = self._state.brush_px

    def _on_brush_size(self) -> None:
        if self.paint.layer is not None:
            self._state.brush_px = int(self.paint.layer.brush_size)

    def _paint_superpixel(self, point_yx: tuple[float, float]) -> None:
        """Into the layer, like any stroke: what is outside of the window is out of view."""
        if self.is_busy or not self.paint.is_shown:
            return
        window, state = self.paint.window, self._state
        point = point_yx[0] + window.y, point_yx[1] + window.x
        with self.showing_errors():
            superpixels = self._superpixels.at(point, state.superpixel_px)
            found = None if superpixels is None else superpixels.at(point)
            if found is not None:
                painted = self.paint.fill(*found, state.class_id)
                before = self._superpixel_px or painted
                self._superpixel_px = before.around(painted) if painted else before


def _nothing(_: Any) -> None:
    """Bound to keys that must do nothing."""
