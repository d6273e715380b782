"""Two predictions on one canvas, left and right of a line that is dragged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_uhrnet.session.compare.curtain import Curtain
from napari_uhrnet.widgets.inspect import words
from napari_uhrnet.widgets.kit.layer_look import class_colormap, placement, spare_id

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer
    from napari.utils.colormaps import DirectLabelColormap

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.session.compare.pair import Pair
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.segment.overlay import Overlay

KEY = "swipe"
GRIP_PX = 12
"""The mouse grips the line from at most this far, in pixels of the screen."""
LINE = (1.0, 1.0, 1.0, 1.0)


class Swipe(QObject):
    """Shows a layer with both predictions instead of the layer of the prediction."""

    changed = Signal(bool)
    """Whether it is shown."""

    def __init__(
        self,
        viewer: ViewerModel,
        state: SessionState,
        overlay: Overlay,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._state, self._overlay = viewer, state, overlay
        self._curtain: Curtain | None = None
        self._pair: Pair | None = None
        self._hidden: list[Labels] = []
        self._classes: ClassTable | None = None
        state.events.hidden.connect(self._on_colours)
        state.events.project_classes.connect(self._on_colours)
        overlay.further.gone.connect(self._on_gone)

    @property
    def is_on(self) -> bool:
        """Whether it is shown."""
        return self._curtain is not None

    def enter(self, a: str, b: str) -> bool:
        """Show branch ``a`` left and ``b`` right; False if there is no prediction to show."""
        where, image, top = self._overlay.where, self._overlay.image, self._overlay.top
        if where is None or image is None or top is None or not {a, b} <= set(where.model.branches):
            return False
        left, right = (where.store.levels(f"{branch}/labels") for branch in (a, b))
        place = placement(image, where.layout.inference.factor_yx)
        name = words.swipe_layer(a, b)
        self._show(left, right, where.model.classes, name, place, top, self._labels())
        return True

    def enter_pair(self, pair: Pair, image: Image) -> None:
        """Show A of any two results left and B right, over an image, instead of other labels."""
        self.leave()
        place = placement(image, (pair.step, pair.step), (pair.window.y, pair.window.x))
        name = words.swipe_layer(*pair.titles)
        left, right = pair.levels
        top = self._viewer.layers[-1]
        self._show(left, right, pair.classes, name, place, top, self._labels())
        self._pair = pair

    def _labels(self) -> list[Labels]:
        """All that would hide it: the prediction, corrections, ground truth."""
        from napari.layers import Labels

        return [layer for layer in self._viewer.layers if isinstance(layer, Labels)]

    def update_pair(self, pair: Pair) -> None:
        """Show the present A and B, if they are the ones that are shown."""
        if self._pair is not None and self._pair.update(pair):
            self._overlay.further.refresh(KEY)

    def leave(self) -> None:
        """Back to the one prediction."""
        self._overlay.further.remove(KEY)

    def blink(self) -> Generator[None, None, None]:
        """While a key is held, each shows on the other side; nothing if it is not shown."""
        curtain = self._curtain
        if curtain is None:
            return
        for is_swapped in (True, False):
            curtain.is_swapped = is_swapped
            self._overlay.further.refresh(KEY)
            if is_swapped:
                yield

    def _show(
        self,
        left: Sequence[Any],
        right: Sequence[Any],
        classes: ClassTable,
        name: str,
        place: dict[str, Any],
        above: Layer,
        hidden: list[Labels],
    ) -> None:
        self.leave()
        self._classes = classes
        curtain = Curtain(left, right, self._divider)
        self._overlay.further.show(
            KEY,
            above,
            curtain.levels,
            name=name,
            colormap=self._colours(),
            opacity=self._state.opacity,
            **place,
        )
        self._curtain = curtain
        curtain.column_px = self._column(self._viewer.scene.camera.center[-2:])
        self._overlay.further.refresh(KEY)
        self._hidden = [layer for layer in hidden if layer.visible]
        for layer in self._hidden:
            layer.visible = False
        self._viewer.mouse_drag_callbacks.append(self._on_drag)
        self.changed.emit(True)

    def _on_gone(self, key: str) -> None:
        if key != KEY or self._curtain is None:
            return
        self._curtain = self._pair = None
        self._viewer.mouse_drag_callbacks.remove(self._on_drag)
        for layer in self._hidden:
            if layer in self._viewer.layers:
                layer.visible = True
        self._hidden = []
        self.changed.emit(False)

    def _column(self, world_yx: Any) -> int:
        """Column of the finest level at a place in the world, inside of the picture."""
        layer = self._overlay.further.layer(KEY)
        assert layer is not None and self._curtain is not None
        column = layer.world_to_data(world_yx)[-1]
        return int(min(max(column + 0.5, 0), self._curtain.width_px))

    def _on_drag(self, viewer: ViewerModel, event: Any) -> Generator[None, None, None]:
        """napari: the mouse was pressed, moves and is released."""
        layer, curtain = self._overlay.further.layer(KEY), self._curtain
        if layer is None or curtain is None:
            return
        screen_px = abs(layer.scale[-1]) * viewer.scene.camera.zoom
        away_px = abs(layer.world_to_data(event.position)[-1] + 0.5 - curtain.column_px)
        if away_px * screen_px > GRIP_PX:
            return
        camera = viewer.scene.camera
        pans, camera.mouse_pan = camera.mouse_pan, False
        yield
        while event.type == "mouse_move":
            if self._curtain is curtain:
                curtain.column_px = self._column(event.position)
                self._overlay.further.refresh(KEY)
            yield
        camera.mouse_pan = pans

    @property
    def _divider(self) -> int:
        assert self._classes is not None
        return spare_id(self._classes)

    def _colours(self) -> DirectLabelColormap:
        assert self._classes is not None
        classes = self._state.restyled(self._classes)
        return class_colormap(classes, self._state.hidden, {self._divider: LINE})

    def _on_colours(self) -> None:
        if self.is_on:
            self._overlay.further.recolour(KEY, self._colours())
