"""The dock widget: puts panels, controller, overlay and viewer together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.engine import LocalEngine
from napari_uhrnet.session.state import RunStatus
from napari_uhrnet.widgets.composition import Parts
from napari_uhrnet.widgets.correct.panel import CorrectPanel
from napari_uhrnet.widgets.inspect.blink import BLINK, blink
from napari_uhrnet.widgets.inspect.inspect_panel import InspectPanel
from napari_uhrnet.widgets.kit.docks import Docks
from napari_uhrnet.widgets.kit.keys import Keys
from napari_uhrnet.widgets.kit.layer_look import is_insight
from napari_uhrnet.widgets.kit.panel_column import PanelColumn
from napari_uhrnet.widgets.kit.settings import user_settings
from napari_uhrnet.widgets.kit.thread_runner import ThreadRunner
from napari_uhrnet.widgets.kit.view import (
    ViewWatcher,
    is_torn_down,
    main_window,
    make_canvas_current,
    visible_window,
)
from napari_uhrnet.widgets.segment.layer_scene import scene_of
from napari_uhrnet.widgets.segment.legend_panel import LegendPanel
from napari_uhrnet.widgets.segment.model_panel import ModelPanel
from napari_uhrnet.widgets.segment.run_panel import RunPanel
from napari_uhrnet.widgets.segment.scene_panel import ScenePanel
from napari_uhrnet.widgets.tool_docks import ToolDocks

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari.viewer
    from napari.layers import Image
    from qtpy.QtCore import QObject, QSettings
    from qtpy.QtGui import QCloseEvent

    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.engine import Engine
    from napari_uhrnet.session.runner import Runner
    from napari_uhrnet.widgets.kit.panel import Panel

WIDTH_PX = 320


class UHRNetWidget(QWidget):
    """Segments the image layer that is chosen.

    Parameters
    ----------
    napari_viewer
        The viewer that the dock belongs to.
    settings, engine, runner
        For tests: by default the person's own settings, the engine of this package, and threads.
    """

    def __init__(
        self,
        napari_viewer: napari.viewer.Viewer,
        *,
        settings: QSettings | None = None,
        engine: Engine | None = None,
        runner: Callable[[], Runner] = ThreadRunner,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = napari_viewer
        self._scenes: WeakKeyDictionary[Image, Scene] = WeakKeyDictionary()
        self._closed = False
        self._dock_name = ""
        self._watcher = ViewWatcher(napari_viewer, self)
        self.parts = Parts(
            napari_viewer,
            self,
            settings or user_settings(),
            engine or LocalEngine(),
            runner,
            self._image_of,
        )
        self.state = self.parts.state
        self._make_panels()
        self._connect()
        self._on_layers_changed()
        self.parts.controller.warm_up()
        if (window := main_window(napari_viewer)) is not None:
            window.installEventFilter(self)

    def _make_panels(self) -> None:
        parts, state = self.parts, self.state
        self.scene_panel = ScenePanel(state)
        self.model_panel = ModelPanel(state)
        self.run_panel = RunPanel(state, parts.controller)
        self.legend_panel = LegendPanel(state)
        self.inspect_panel = InspectPanel(state, parts.overlay, parts.side_by_side, parts.swipe)
        self.correct_panel = CorrectPanel(parts.correcting, parts.resuming.open)
        self._lay_out()
        self.docks = Docks(self._viewer, self)
        self.tools = ToolDocks(self.docks, parts, self._shown_image, self._update_view)
        self.tools.add_buttons(self.inspect_panel, self.correct_panel)

    @property
    def panels(self) -> tuple[Panel, ...]:
        """From top to bottom."""
        return (
            self.scene_panel,
            self.model_panel,
            self.run_panel,
            self.legend_panel,
            self.inspect_panel,
            self.correct_panel,
        )

    def _lay_out(self) -> None:
        self._column = PanelColumn(self.panels)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._column)
        self.setMinimumWidth(WIDTH_PX)

    def _connect(self) -> None:
        self.scene_panel.layer_chosen.connect(self._on_layer_chosen)
        self.run_panel.segment_pressed.connect(self._on_segment)
        self._watcher.settled.connect(self._update_view)
        self._watcher.settled.connect(self.parts.correcting.follow_view)
        self.parts.correcting.state.events.active.connect(self._on_correcting)
        for comparison in (self.parts.side_by_side, self.parts.swipe):
            comparison.changed.connect(self._on_comparing)
        self._layer_events = self._viewer.layers.events
        for name in ("inserted", "removed", "reordered"):
            getattr(self._layer_events, name).connect(self._on_layers_changed)
        self._layer_events.removing.connect(self._before_removal)
        self._viewer.events.theme.connect(self._on_theme)
        self._on_theme()
        self._keys = Keys(self._viewer)
        self._keys.bind(BLINK, blink(self.state, lambda: self.inspect_panel.pair, self.parts.swipe))

    def shut_down(self) -> None:
        """Stop what runs and disconnect from the viewer; the layers stay."""
        if self._closed:
            return
        self._closed = True
        self.parts.stop()
        self._keys.release()
        self.docks.close()
        self._watcher.close()
        self.parts.close()
        if (window := main_window(self._viewer)) is not None:
            window.removeEventFilter(self)
        self._viewer.events.theme.disconnect(self._on_theme)
        for name in ("inserted", "removed", "reordered"):
            getattr(self._layer_events, name).disconnect(self._on_layers_changed)
        self._layer_events.removing.disconnect(self._before_removal)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Qt: the widget is closed."""
        if self._may_leave():
            self.shut_down()
            super().closeEvent(event)
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        """Qt: napari takes the widget out of its dock when the dock is closed."""
        if event.type() == QEvent.Type.ParentChange:
            if self.parent() is not None:
                self._dock_name = self.parent().windowTitle() or self._dock_name
            elif self._may_leave():
                self.shut_down()
            else:
                QTimer.singleShot(0, self._dock_again)
        return bool(super().event(event))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: napari's window is about to be closed by the person."""
        if event.type() == QEvent.Type.Close and not (
            is_torn_down(self._viewer) or self._may_leave()
        ):
            event.ignore()
            return True
        return bool(super().eventFilter(watched, event))

    def _may_leave(self) -> bool:
        """Whether what was painted is saved; if not, the panel that says so is shown."""
        if self._closed or self.parts.correcting.may_leave():
            return True
        self._column.scroll_to(self.correct_panel)
        return False

    def _dock_again(self) -> None:
        """Go back: napari took the widget out of its dock while something painted was not saved."""
        self._viewer.window.add_dock_widget(self, name=self._dock_name, area="right")
        self.show()
        self._column.scroll_to(self.correct_panel)

    def _on_theme(self) -> None:
        from napari.utils.theme import get_theme

        self.run_panel.set_icon_colour(get_theme(self._viewer.theme).icon.as_hex())

    def _shown_image(self) -> Image | None:
        layer = self.scene_panel.layer()
        return layer if layer in self._viewer.layers else None

    def _image_of(self, scene: Scene) -> Image | None:
        return next((layer for layer, s in self._scenes.items() if s is scene), None)

    def _before_removal(self, event: Any = None) -> None:
        make_canvas_current(self._viewer)

    def _on_layers_changed(self, event: Any = None) -> None:
        from napari.layers import Image

        images = [layer for layer in self._viewer.layers if isinstance(layer, Image)]
        self.scene_panel.set_layers([layer for layer in images if not is_insight(layer)])

    def _on_layer_chosen(self, layer: Image | None) -> None:
        state = self.state
        if not self.parts.correcting.stop():
            QTimer.singleShot(0, self._choose_again)
            return
        state.scene = None
        state.pixel_size_m = None
        if layer is not None:
            try:
                scene = self._scenes[layer] if layer in self._scenes else scene_of(layer)
            except UserError as error:
                state.status = RunStatus("failed", message=str(error))
                return
            self._scenes[layer] = scene
            state.scene = scene
            self.parts.resuming.layer_chosen(layer)
        self._update_view()

    def _choose_again(self) -> None:
        """What was painted in the present scene is not saved: it stays, also if it was removed."""
        image = None if self.state.scene is None else self._image_of(self.state.scene)
        if image is None:
            return
        if image not in self._viewer.layers:
            self._viewer.layers.insert(0, image)
        self.scene_panel.choose(image)
        self._column.scroll_to(self.correct_panel)
        self._update_view()

    def _on_correcting(self, active: bool) -> None:
        """Show the tools of correcting, which lie below the rest."""
        if active:
            self._column.scroll_to(self.correct_panel)

    def _on_comparing(self) -> None:
        self.parts.correcting.set_comparing(self.parts.side_by_side.is_on or self.parts.swipe.is_on)

    def _on_segment(self) -> None:
        self._update_view()
        self.parts.controller.segment()

    def _update_view(self) -> None:
        layer = self.scene_panel.layer()
        if layer is None or self.state.scene is None:
            self.state.view = None
        else:
            self.state.view = visible_window(self._viewer, layer) or None
