"""What is on screen. Everything that touches napari's canvas and scene models is in here."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Generator

    import napari
    from napari.components import ViewerModel
    from napari.layers import Layer
    from qtpy.QtWidgets import QMainWindow

SETTLED_MS = 200
"""A view counts as changed when it has not moved for so long."""

SURROUNDINGS = 3
"""What is moved to takes up one part in so many of the view's shorter side."""
SMALLEST_PX = 48
"""Nothing smaller than this is made to fill that part."""
CLICK_PX = 4
"""A mouse that moved farther on the screen between press and release dragged."""


def level0_shape(layer: Layer) -> tuple[int, int]:
    """(height, width) of a layer's finest level."""
    shape = layer.level_shapes[0] if layer.multiscale else layer.data.shape
    return int(shape[0]), int(shape[1])


def pixel_at(layer: Layer, position: Any) -> tuple[int, int] | None:
    """(row, column) of level 0 at a place in the world, None outside of the layer."""
    # Data coordinates are those of pixel centres.
    y, x = np.floor(np.asarray(layer.world_to_data(position))[-2:] + 0.5).astype(int)
    height, width = level0_shape(layer)
    return (int(y), int(x)) if 0 <= y < height and 0 <= x < width else None


def click(event: Any) -> Generator[None, None, Any]:
    """To be yielded from after a press: where in the world that was, None if it was dragged."""
    position, start = np.array(event.position, float), np.array(event.pos, float)
    yield
    while event.type == "mouse_move":
        yield
    return position if np.abs(np.array(event.pos, float) - start).max() <= CLICK_PX else None


def visible_window(viewer: ViewerModel, layer: Layer) -> Window:
    """The level-0 pixels of a 2-D layer that are on screen; empty if none are."""
    half = np.asarray(viewer.canvas.viewbox_size(viewer.layers), float)
    half = half / 2 / viewer.scene.camera.zoom
    centre = np.asarray(viewer.scene.camera.center[-2:], float)
    displayed = list(viewer.dims.displayed)
    corners = []
    for signs in product((-1, 1), (-1, 1)):
        world = np.array(viewer.dims.point, float)
        world[displayed[-2:]] = centre + half * np.array(signs)
        corners.append(np.asarray(layer.world_to_data(world))[-2:])
    # Data coordinates are those of pixel centres.
    top, left = np.floor(np.min(corners, axis=0) + 0.5).astype(int)
    bottom, right = np.ceil(np.max(corners, axis=0) + 0.5).astype(int)
    window = Window.between(int(top), int(left), int(bottom), int(right))
    return window.clip(level0_shape(layer))


def show_window(viewer: ViewerModel, layer: Layer, window: Window) -> None:
    """Move the camera so that a window of level-0 pixels lies in the middle, with some around."""
    size_px = min(viewer.canvas.viewbox_size(viewer.layers))
    longest = max(*window.shape_yx, SMALLEST_PX) * _pixel(layer)
    viewer.scene.camera.zoom = float(size_px) / (SURROUNDINGS * longest)
    _centre(viewer, layer, window)


def fit_window(viewer: ViewerModel, layer: Layer, window: Window) -> None:
    """Move the camera so that a window of level-0 pixels fills the view."""
    sizes = zip(viewer.canvas.viewbox_size(viewer.layers), window.shape_yx, strict=True)
    viewer.scene.camera.zoom = min(float(size) / side for size, side in sizes) / _pixel(layer)
    _centre(viewer, layer, window)


def _pixel(layer: Layer) -> float:
    return abs(float(np.asarray(layer.scale)[-1])) or 1.0


def _centre(viewer: ViewerModel, layer: Layer, window: Window) -> None:
    middle = window.y + (window.height - 1) / 2, window.x + (window.width - 1) / 2
    centre = viewer.scene.camera.center
    viewer.scene.camera.center = (*centre[:-2], *np.asarray(layer.data_to_world(middle))[-2:])


def screen_px(viewer: ViewerModel, layer: Layer) -> float:
    """How many pixels of the screen a layer's finest pixel is wide, the smaller side of it."""
    corner, below, right = (
        np.asarray(layer.data_to_world(point)) for point in ((0, 0), (1, 0), (0, 1))
    )
    side = min(np.linalg.norm(below - corner), np.linalg.norm(right - corner))
    return float(side * viewer.scene.camera.zoom)


def make_canvas_current(viewer: napari.Viewer) -> None:
    """Let what is deleted next be deleted in the canvas's own OpenGL context.

    When a layer goes, napari deletes its textures and programs at once, outside of the canvas's
    painting. What is current then is the context of whoever painted last: Qt's compositor, or
    another window. With Mesa's software renderer the next drawing then crashed now and then.
    """
    _window(viewer)._qt_viewer.canvas.native.makeCurrent()


def main_window(viewer: napari.Viewer) -> QMainWindow | None:
    """The Qt window of napari, None when it is gone."""
    return getattr(_window(viewer), "_qt_window", None)


def is_torn_down(viewer: napari.Viewer) -> bool:
    """Whether a script closes the viewer, which cannot be refused any more."""
    return bool(_window(viewer)._qt_viewer.isHidden())


def _window(viewer: napari.Viewer) -> Any:
    """The window of napari without the proxy that a dock opened by a script gets."""
    return getattr(viewer.window, "__wrapped__", viewer.window)


class ViewWatcher(QObject):
    """Emits ``settled`` when the view has come to rest somewhere else."""

    settled = Signal()

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self._timer.timeout.connect(self.settled)
        camera, dims = viewer.scene.camera.events, viewer.dims.events
        self._emitters = (
            camera.zoom,
            camera.center,
            viewer.canvas.events.size,
            dims.ndisplay,
            dims.point,
        )
        for emitter in self._emitters:
            emitter.connect(self._on_moved)

    def close(self) -> None:
        """Disconnect from the viewer."""
        for emitter in self._emitters:
            emitter.disconnect(self._on_moved)
        self._timer.stop()

    def _on_moved(self) -> None:
        self._timer.start()
