"""Two answers on one canvas, left and right of a line that is dragged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.combined import Curtain
from napari_uhrnet.widgets.layer_look import class_colormap, placement

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari.components import ViewerModel
    from napari.layers import Labels
    from napari.utils.colormaps import DirectLabelColormap

    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.overlay import Overlay

KEY = "swipe"
GRIP_PX = 12
"""The line is taken at most so far from the mouse, in pixels of the screen."""
LINE = (1.0, 1.0, 1.0, 1.0)


class Swipe(QObject):
    """Shows a layer with both answers instead of the layer of the answer."""

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
        self._hidden: Labels | None = None
        state.events.hidden.connect(self._on_hidden)
        overlay.further.gone.connect(self._on_gone)

    @property
    def is_on(self) -> bool:
        """Whether it is shown."""
        return self._curtain is not None

    def enter(self, a: str, b: str) -> bool:
        """Show branch ``a`` left and ``b`` right; False if there is no answer to show."""
        where, image, top = self._overlay.where, self._overlay.image, self._overlay.top
        if where is None or image is None or top is None or not {a, b} <= set(where.model.branches):
            return False
        self.leave()
        left, right = (where.store.levels(f"{branch}/labels") for branch in (a, b))
        curtain = Curtain(left, right, self._divider)
        self._overlay.further.show(
            KEY,
            top,
            curtain.levels,
            name=f"UHRNet {a} | {b}",
            colormap=self._colours(self._state.hidden),
            opacity=self._state.opacity,
            **placement(image, where.layout.inference.factor_yx),
        )
        self._curtain = curtain
        curtain.column_px = self._column(self._viewer.scene.camera.center[-2:])
        self._overlay.further.refresh(KEY)
        self._hide_answer()
        self._viewer.mouse_drag_callbacks.append(self._on_drag)
        self.changed.emit(True)
        return True

    def leave(self) -> None:
        """Back to the one answer."""
        self._overlay.further.remove(KEY)

    def _hide_answer(self) -> None:
        labels = self._overlay.labels
        self._hidden = labels if labels is not None and labels.visible else None
        if self._hidden is not None:
            self._hidden.visible = False

    def _on_gone(self, key: str) -> None:
        if key != KEY or self._curtain is None:
            return
        self._curtain = None
        self._viewer.mouse_drag_callbacks.remove(self._on_drag)
        if self._hidden is not None and self._hidden in self._viewer.layers:
            self._hidden.visible = True
        self._hidden = None
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
        """An id that no class has."""
        assert self._overlay.where is not None
        taken = {int(i) for i in self._overlay.where.model.classes.ids}
        return max(i for i in range(NOTHING) if i not in taken)

    def _colours(self, hidden: frozenset[int]) -> DirectLabelColormap:
        assert self._overlay.where is not None
        return class_colormap(self._overlay.where.model.classes, hidden, {self._divider: LINE})

    def _on_hidden(self, hidden: frozenset[int]) -> None:
        if self.is_on:
            self._overlay.further.recolour(KEY, self._colours(hidden))
