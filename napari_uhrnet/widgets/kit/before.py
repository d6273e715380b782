"""How a viewer looked at one moment, to bring that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel

_GRID = ("stride", "shape", "spacing", "enabled")
_CAMERA = ("center", "zoom", "angles", "perspective")


class Before:
    """Visible layers, shown names and opacities, selection, grid and camera of a viewer."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        layers = list(viewer.layers)
        self._shown = [
            (layer, layer.visible, layer.name_overlay.visible, layer.opacity) for layer in layers
        ]
        self._selection = set(viewer.layers.selection)
        self._active = viewer.layers.selection.active
        self._grid = {name: getattr(viewer.canvas.grid, name) for name in _GRID}
        self._camera = {name: getattr(viewer.scene.camera, name) for name in _CAMERA}

    def restore(self) -> None:
        """Bring all of it back; layers that are gone stay gone, new ones stay as they are."""
        viewer = self._viewer
        for name, value in self._grid.items():
            setattr(viewer.canvas.grid, name, value)
        for layer, visible, named, opacity in self._shown:
            if layer in viewer.layers:
                layer.visible, layer.name_overlay.visible = visible, named
                layer.opacity = opacity
        selection = viewer.layers.selection
        selection.clear()
        selection.update(layer for layer in self._selection if layer in viewer.layers)
        selection.active = self._active if self._active in viewer.layers else None
        for name, value in self._camera.items():
            setattr(viewer.scene.camera, name, value)
