"""Polygons that the user draws over a scene of any size, to edit the labels in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_uhrnet.geometry.polygon import Polygon
from napari_uhrnet.widgets.kit.layer_look import placement

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Shapes

NAME = "UHRNet polygons"
EDGE_SCREEN_PX = 2
KINDS = ("polygon", "rectangle", "path")


class Outlines(QObject):
    """A shapes layer in level-0 pixels, made when first needed."""

    changed = Signal(bool)
    """Whether there is a polygon."""

    def __init__(self, viewer: ViewerModel, image: Image, name: str = NAME) -> None:
        super().__init__()
        self._viewer, self._image, self._name = viewer, image, name
        self.layer: Shapes | None = None
        viewer.layers.events.removed.connect(self._on_removed)

    def draw(self) -> None:
        """Let the user draw a polygon now."""
        if self.layer is None:
            self._add()
        layer = self.layer
        assert layer is not None
        self._viewer.layers.selection.active = layer
        pixel = float(np.abs(layer.scale).max()) * self._viewer.scene.camera.zoom
        layer.current_edge_width = max(EDGE_SCREEN_PX / pixel, 0.1)
        layer.mode = "add_polygon"

    def rest(self) -> None:
        """Stop drawing: the mouse moves the view."""
        if self.layer is not None:
            self.layer.mode = "pan_zoom"

    def chosen(self) -> Polygon | None:
        """The selected polygon, else the one that was drawn last."""
        if self.layer is None or not self.layer.nshapes:
            return None
        number = max(self.layer.selected_data, default=self.layer.nshapes - 1)
        vertices = np.asarray(self.layer.data[number])[:, -2:]
        if self.layer.shape_type[number] not in KINDS or len(vertices) < 3:
            return None
        return Polygon(vertices)

    def remove(self) -> None:
        """Remove the layer from the viewer."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        if self.layer is not None and self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)

    def _add(self) -> None:
        self.layer = self._viewer.add_shapes(
            name=self._name,
            ndim=2,
            face_color="#ffff0014",
            edge_color="yellow",
            **placement(self._image, (1, 1)),
        )
        self.layer.events.data.connect(self._on_drawn)

    def _on_drawn(self) -> None:
        self.changed.emit(self.chosen() is not None)

    def _on_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self.layer = None
            self.changed.emit(False)
