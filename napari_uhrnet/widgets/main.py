"""The dock widget: puts panels, controller, overlay and viewer together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_uhrnet.errors import UserError
from napari_uhrnet.models.registry import DEFAULT_MODEL
from napari_uhrnet.session.compare.comparer import Comparer
from napari_uhrnet.session.compare.other_predictions import Answers
from napari_uhrnet.session.controller import Controller
from napari_uhrnet.session.engine import LocalEngine
from napari_uhrnet.session.finetune.run import FineTuning
from napari_uhrnet.session.inspect.feature_view import FeatureViewer
from napari_uhrnet.session.inspect.neighbour_effect import NeighbourEffect
from napari_uhrnet.session.inspect.readout import Readout
from napari_uhrnet.session.queue.ranker import Ranker
from napari_uhrnet.session.state import RunStatus, SessionState
from napari_uhrnet.widgets.correct.panel import CorrectPanel
from napari_uhrnet.widgets.correct.resuming import Resuming
from napari_uhrnet.widgets.correct.tool import Correcting
from napari_uhrnet.widgets.finetune.tool import FineTuneTool
from napari_uhrnet.widgets.insight_docks import InsightDocks
from napari_uhrnet.widgets.inspect.blink import BLINK, blink
from napari_uhrnet.widgets.inspect.inspect_panel import InspectPanel
from napari_uhrnet.widgets.inspect.side_by_side import SideBySide
from napari_uhrnet.widgets.inspect.swipe import Swipe
from napari_uhrnet.widgets.inspect.uncertainty import Uncertainty
from napari_uhrnet.widgets.kit.docks import Docks
from napari_uhrnet.widgets.kit.keys import Keys
from napari_uhrnet.widgets.kit.layer_look import is_insight
from napari_uhrnet.widgets.kit.panel_column import PanelColumn
from napari_uhrnet.widgets.kit.settings import follow_session, user_settings
from napari_uhrnet.widgets.kit.thread_runner import ThreadRunner
from napari_uhrnet.widgets.kit.view import ViewWatcher, make_canvas_current, visible_window
from napari_uhrnet.widgets.label_docks import LabelDocks
from napari_uhrnet.widgets.queue.tool import QueueTool
from napari_uhrnet.widgets.segment.layer_scene import scene_of
from napari_uhrnet.widgets.segment.legend_panel import LegendPanel
from napari_uhrnet.widgets.segment.model_panel import ModelPanel
from napari_uhrnet.widgets.segment.overlay import Overlay
from napari_uhrnet.widgets.segment.region_drawing import RegionDrawing
from napari_uhrnet.widgets.segment.run_panel import RunPanel
from napari_uhrnet.widgets.segment.scene_panel import ScenePanel

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari.viewer
    from napari.layers import Image
    from qtpy.QtCore import QSettings
    from qtpy.QtGui import QCloseEvent

    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.engine import Engine
    from napari_uhrnet.session.runner import Runner
    from napari_uhrnet.widgets.finetune.panel import FineTunePanel
    from napari_uhrnet.widgets.kit.panel import Panel
    from napari_uhrnet.widgets.queue.panel import QueuePanel

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
        self._make_session(settings or user_settings(), engine or LocalEngine(), runner)
        self._make_panels()
        self._make_tools()
        self._connect()
        self._on_layers_changed()
        self.controller.warm_up()

    def _make_session(
        self, settings: QSettings, engine: Engine, runner: Callable[[], Runner]
    ) -> None:
        self.state = SessionState(model=DEFAULT_MODEL)
        self._settings = settings
        follow_session(self.state, settings)
        self._engine = engine
        self.controller = Controller(self.state, runner(), engine)
        self.comparer = Comparer(runner())
        self.state.events.scene.connect(self.comparer.forget)
        self.ranker = Ranker(runner())
        self.fine_tuning = FineTuning()
        self.readout = Readout(runner())
        self.features = FeatureViewer(self.state, runner(), engine)
        self.neighbours = NeighbourEffect(self.state, runner(), engine)
        self.answers = Answers(engine)
        self.neighbours.answered.connect(self.answers.note)
        self.controller.workspace_opened.connect(self.answers.note)
        self.overlay = Overlay(self._viewer, self.state, self.controller, self._image_of, self)
        self.side_by_side = SideBySide(self._viewer, self.state, self.overlay, self.answers, self)
        self.swipe = Swipe(self._viewer, self.state, self.overlay, self)
        self._uncertainty = Uncertainty(self.state, self.overlay, self)
        self._drawing = RegionDrawing(self.state, self.overlay, self)
        self._watcher = ViewWatcher(self._viewer, self)
        self.correcting = Correcting(
            self._viewer, self.state, self.controller, self.overlay, self._image_of, settings
        )
        self.resuming = Resuming(self._viewer, self.state, self.correcting, self)

    def _make_panels(self) -> None:
        self.scene_panel = ScenePanel(self.state)
        self.model_panel = ModelPanel(self.state)
        self.run_panel = RunPanel(self.state, self.controller)
        self.legend_panel = LegendPanel(self.state)
        self.inspect_panel = InspectPanel(self.state, self.overlay, self.side_by_side, self.swipe)
        self.correct_panel = CorrectPanel(self.correcting, self.resuming.open)
        self._lay_out()

    def _make_tools(self) -> None:
        """Docks of their own, each with its button."""
        self.docks = Docks(self._viewer, self)
        self.insights = InsightDocks(
            self,
            self._viewer,
            self._engine,
            self._shown_image,
            self._image_of,
            self._update_view,
        )
        self.insights.add_buttons(self.inspect_panel)
        tip = "Go through the scene from the most doubtful part on"
        self.correct_panel.add_tool("Queue…", tip, self.open_queue)
        self.label_docks = LabelDocks(self.docks, self.state, self.correcting, self._settings)
        self.label_docks.add_buttons(self.correct_panel)
        tip = "Train the network further on what you marked as reviewed"
        self.correct_panel.add_tool("Fine-tune…", tip, self.open_finetune)

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
        self._watcher.settled.connect(self.correcting.follow_view)
        self.correcting.state.events.active.connect(self._on_correcting)
        for shown_instead in (self.side_by_side, self.swipe):
            shown_instead.changed.connect(self._on_comparing)
        self._layer_events = self._viewer.layers.events
        for name in ("inserted", "removed", "reordered"):
            getattr(self._layer_events, name).connect(self._on_layers_changed)
        self._layer_events.removing.connect(self._before_removal)
        self._viewer.events.theme.connect(self._on_theme)
        self._on_theme()
        self._keys = Keys(self._viewer)
        self._keys.bind(BLINK, blink(self.state, lambda: self.inspect_panel.pair, self.swipe))
        # At its end napari only deletes the widget, without a close event.
        self.destroyed.connect(self.correcting.let_go)
        self.destroyed.connect(self.controller.close)
        self.destroyed.connect(self.comparer.close)
        self.destroyed.connect(self.ranker.close)
        self.destroyed.connect(self.fine_tuning.close)
        self.destroyed.connect(self.readout.close)
        self.destroyed.connect(self.features.close)
        self.destroyed.connect(self.neighbours.close)

    def shut_down(self) -> None:
        """Stop what runs and let go of the viewer; the layers stay."""
        if self._closed:
            return
        self._closed = True
        self.correcting.stop()
        self.controller.close()
        self._keys.release()
        self.swipe.leave()
        self.side_by_side.leave()
        self.docks.close()
        self.comparer.close()
        self.ranker.close()
        self.fine_tuning.close()
        self.readout.close()
        self.features.close()
        self.neighbours.close()
        self._watcher.close()
        self.overlay.close()
        self._viewer.events.theme.disconnect(self._on_theme)
        for name in ("inserted", "removed", "reordered"):
            getattr(self._layer_events, name).disconnect(self._on_layers_changed)
        self._layer_events.removing.disconnect(self._before_removal)

    def open_queue(self) -> QueuePanel:
        """Show the queue of what to look at next."""
        make = partial(
            QueueTool,
            self._viewer,
            self.state,
            self.overlay,
            self.correcting,
            self.ranker,
            self.answers,
            self._shown_image,
        )
        return self.docks.open("UHRNet queue", make).panel

    def open_finetune(self) -> FineTunePanel:
        """Show what can be learned from the reviewed regions."""
        make = partial(FineTuneTool, self.state, self.correcting.state, self.fine_tuning)
        return self.docks.open("UHRNet fine-tune", make).panel

    def closeEvent(self, event: QCloseEvent) -> None:
        """Qt: the widget is closed."""
        self.shut_down()
        super().closeEvent(event)

    def event(self, event: QEvent) -> bool:
        """Qt: napari takes the widget out of its dock when the dock is closed."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.shut_down()
        return bool(super().event(event))

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
            self.resuming.layer_chosen(layer)
        self._update_view()

    def _on_correcting(self, active: bool) -> None:
        """Whoever corrects needs the tools, which lie below the rest."""
        if active:
            self._column.scroll_to(self.correct_panel)

    def _on_comparing(self) -> None:
        self.correcting.set_comparing(self.side_by_side.is_on or self.swipe.is_on)

    def _on_segment(self) -> None:
        self._update_view()
        self.controller.segment()

    def _update_view(self) -> None:
        layer = self.scene_panel.layer()
        if layer is None or self.state.scene is None:
            self.state.view = None
        else:
            self.state.view = visible_window(self._viewer, layer) or None
