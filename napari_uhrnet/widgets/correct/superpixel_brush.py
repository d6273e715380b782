"""Paints superpixels: at a click, or while the mouse is dragged over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.correct.superpixels import Superpixels

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_uhrnet.scene.base import Scene

TILE_PX = 512
"""Superpixels are found in squares of this side, so that a click never takes long."""
KEPT = 32


class SuperpixelBrush:
    """Finds the superpixels at a point of a scene; the squares that were used last are kept."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._tiles: dict[tuple[Window, int], Superpixels] = {}

    def at(self, point_yx: tuple[float, float], size_px: int) -> Superpixels | None:
        """Those around a level-0 point, None outside of the scene."""
        y, x = (round(v) // TILE_PX * TILE_PX for v in point_yx)
        window = Window(y, x, TILE_PX, TILE_PX).clip(self._scene.shape_yx)
        if not window:
            return None
        key = window, size_px
        found = self._tiles.pop(key, None)
        if found is None:
            rgb, _ = self._scene.read(window, 0)
            found = Superpixels.of(window, rgb, size_px)
        self._tiles[key] = found
        while len(self._tiles) > KEPT:
            del self._tiles[next(iter(self._tiles))]
        return found


def drag(
    is_on: Callable[[], bool],
    paint_at: Callable[[tuple[float, float]], None],
    end: Callable[[], object],
) -> Callable[[Any, Any], Generator[None, None, None]]:
    """A mouse callback of a layer that calls ``paint_at`` with (y, x) in pixels of the layer, and
    ``end`` when the mouse is released: a drag is one stroke.
    """

    def on_drag(layer: Any, event: Any) -> Generator[None, None, None]:
        if not is_on() or event.button != 1:
            return
        while True:
            y, x = layer.world_to_data(event.position)[-2:]
            paint_at((float(y), float(x)))
            yield
            if event.type != "mouse_move" or not is_on():
                end()
                return

    return on_drag
