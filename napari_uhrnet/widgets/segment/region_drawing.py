"""The rectangle that the person draws to choose what is segmented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from napari.layers import Shapes
    from numpy.typing import NDArray

    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.segment.overlay import Overlay


def window_of(vertices: NDArray[np.floating]) -> Window:
    """The level-0 window around a shape; vertices (N, 2) in pixel-centre coordinates."""
    top, left = np.floor(vertices.min(axis=0) + 0.5).astype(int)
    bottom, right = np.ceil(vertices.max(axis=0) + 0.5).astype(int)
    return Window.between(int(top), int(left), int(bottom), int(right))


class RegionDrawing(QObject):
    """Keeps ``state.rectangle`` in step with the last shape of a layer that is drawn in."""

    def __init__(
        self, state: SessionState, overlay: Overlay, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._overlay = state, overlay
        self._layer: Shapes | None = None
        state.events.region.connect(self._on_region)
        state.events.scene.connect(self._on_scene)

    def _on_region(self) -> None:
        scene = self._state.scene
        if self._state.region != "rectangle" or scene is None:
            return
        layer = self._overlay.rectangle_layer(scene)
        if layer is not None and layer is not self._layer:
            self._layer = layer
            layer.events.data.connect(self._on_drawn)

    def _on_scene(self) -> None:
        # A rectangle is of one scene.
        self._layer = None
        self._state.rectangle = None
        if self._state.region == "rectangle":
            self._state.region = "visible"

    def _on_drawn(self) -> None:
        if self._layer is not None:
            drawn = self._layer.data
            self._state.rectangle = window_of(np.asarray(drawn[-1])) if len(drawn) else None
