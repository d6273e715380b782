"""Puts the read-out together with the viewer: networks, cursor, clicks, pins, keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_uhrnet.session.inspect.askable import named, others
from napari_uhrnet.session.inspect.point_reader import Setting
from napari_uhrnet.widgets.inspect import words
from napari_uhrnet.widgets.inspect.pin_layer import PinLayer
from napari_uhrnet.widgets.inspect.readout_panel import ReadoutPanel
from napari_uhrnet.widgets.kit.keys import Keys
from napari_uhrnet.widgets.kit.view import click, pixel_at

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.session.compare.other_predictions import OtherPredictions
    from napari_uhrnet.session.inspect.pins import Pin
    from napari_uhrnet.session.inspect.point_reader import Asked
    from napari_uhrnet.session.inspect.readout import Readout
    from napari_uhrnet.session.model_pool import ModelPool
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.segment.overlay import Overlay

FIELDS = ("scene", "pixel_size_m", "model", "device", "card", "model_problem")
"""Fields of the state on which the reading depends."""
EVERY_MS = 200
"""The cursor is looked for at most this often."""


class ReadoutTool(QObject):
    """One read-out panel, from its opening to its end.

    Parameters
    ----------
    predictions
        Other networks that were used for the scene.
    image
        The image layer of the scene, None if there is none.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        state: SessionState,
        overlay: Overlay,
        readout: Readout,
        models: ModelPool,
        predictions: OtherPredictions,
        image: Callable[[], Image | None],
    ) -> None:
        super().__init__()
        self._viewer, self._state, self._overlay = viewer, state, overlay
        self._readout, self._models, self._predictions = readout, models, predictions
        self._image = image
        self._files: list[str] = []
        self._position: Any = None
        self._timer = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._pins = PinLayer(viewer)
        self._keys = Keys(viewer)
        self.panel = ReadoutPanel(readout)
        self._update()
        self._connect()

    def _connect(self) -> None:
        state, panel = self._state, self.panel
        for field in FIELDS:
            getattr(state.events, field).connect(self._update)
        self._overlay.workspace_changed.connect(self._update)
        self._readout.pins_changed.connect(self._show_pins)
        panel.other_chosen.connect(self._update)
        panel.file_chosen.connect(self._add_file)
        panel.pins.pin_pressed.connect(self._pin_shown)
        panel.pins.go_pressed.connect(self._go_to)
        panel.closed.connect(self.close)
        self._keys.bind(words.PIN_KEY, lambda _: self._pin_at(self._viewer.cursor.position))
        self._viewer.mouse_move_callbacks.append(self._on_move)
        self._viewer.mouse_drag_callbacks.append(self._on_press)
        self._viewer.events.theme.connect(self._on_theme)
        self._on_theme()

    def close(self) -> None:
        """Disconnect; the pins are kept, their layer is removed."""
        self._timer.stop()
        self._keys.release()
        self._viewer.mouse_move_callbacks.remove(self._on_move)
        self._viewer.mouse_drag_callbacks.remove(self._on_press)
        self._viewer.events.theme.disconnect(self._on_theme)
        for field in FIELDS:
            getattr(self._state.events, field).disconnect(self._update)
        self._overlay.workspace_changed.disconnect(self._update)
        self._readout.pins_changed.disconnect(self._show_pins)
        self._pins.close()
        self._readout.use(Setting())

    def _on_theme(self) -> None:
        from napari.utils.theme import get_theme

        self.panel.set_ink(get_theme(self._viewer.theme).text.as_hex())

    # Which networks are asked.

    def _add_file(self, path: str) -> None:
        # GLNet's modes 2 and 3 need two or three files, which are given out side by side.
        name = str(Path(path).parent) if path.endswith(".pth") else path
        if name not in self._files:
            self._files.append(name)
        self._update()
        self.panel.choose(name)
        self._update()

    def _update(self) -> None:
        """Ask those networks that can be asked now."""
        state = self._state
        found = others(state, self._models, self._files, self._used())
        by_name = {asked.model: asked for asked in found}
        self.panel.offer({model: asked.title for model, asked in by_name.items()})
        if state.scene is None or state.model_problem:
            self.panel.hint(words.NO_SCENE if state.scene is None else state.model_problem)
            asked: tuple[Asked, ...] = ()
        else:
            self.panel.hint(words.MOVE_CURSOR)
            chosen = by_name.get(self.panel.chosen)
            first = named(state.model, self._models, state.device)
            asked = (first, *([chosen] if chosen else []))
        self._readout.use(Setting(state.scene, state.pixel_size_m, asked))
        self._show_pins()

    def _used(self) -> list[LoadedModel]:
        """Networks that were used for the scene."""
        where = self._overlay.where
        if where is None or where.scene is not self._state.scene:
            return []
        return [where.model, *(prediction.model for prediction in self._predictions.beside(where))]

    # Where the cursor is.

    def _on_move(self, viewer: ViewerModel, event: Any) -> None:
        """napari: the mouse moved over the canvas."""
        if self.panel.follow.isChecked():
            self._position = np.array(event.position, float)
            if not self._timer.isActive():
                self._timer.start()

    def _look(self) -> None:
        pixel = self._pixel_at(self._position)
        if self._readout.setting.asked:
            self.panel.hint(words.OUTSIDE if pixel is None else words.MOVE_CURSOR)
        if pixel is None:
            self._readout.leave()
        else:
            self._readout.hover(*pixel)

    def _pixel_at(self, position: Any) -> tuple[int, int] | None:
        """(row, column) of level 0 at a place in the world, None outside of the scene."""
        image = self._image()
        if image is None or self._state.scene is None or self._viewer.dims.ndisplay != 2:
            return None
        return pixel_at(image, position)

    def _on_press(self, viewer: ViewerModel, event: Any) -> Generator[None, None, None]:
        """napari: the mouse was pressed; with Shift and where nothing is drawn, a click pins."""
        active = viewer.layers.selection.active
        draws = active is not None and active.mode != "pan_zoom"
        if "Shift" not in event.modifiers or event.button != 1 or draws:
            return
        position = yield from click(event)
        if position is not None:
            self._pin_at(position)

    def _pin_at(self, position: Any) -> None:
        pixel = self._pixel_at(position)
        if pixel is not None:
            self._readout.pin(*pixel)

    def _pin_shown(self) -> None:
        shown = self._readout.shown
        if shown is not None:
            self._readout.pin(shown.y, shown.x)

    def _go_to(self, pin: Pin) -> None:
        image = self._image()
        if image is not None:
            camera = self._viewer.scene.camera
            place = np.asarray(image.data_to_world((pin.y, pin.x)))[-2:]
            camera.center = (*camera.center[:-2], *place)

    def _show_pins(self) -> None:
        self._pins.show(self._readout.pins, self._image())
