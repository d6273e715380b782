"""Everything behind the panels: session, jobs, and the tools that show their results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_uhrnet.models.registry import DEFAULT_MODEL
from napari_uhrnet.session.compare.comparer import Comparer
from napari_uhrnet.session.compare.other_predictions import OtherPredictions
from napari_uhrnet.session.controller import Controller
from napari_uhrnet.session.finetune.run import FineTuning
from napari_uhrnet.session.inspect.feature_view import FeatureViewer
from napari_uhrnet.session.inspect.neighbour_effect import NeighbourEffect
from napari_uhrnet.session.inspect.readout import Readout
from napari_uhrnet.session.model_pool import ModelPool
from napari_uhrnet.session.queue.ranker import Ranker
from napari_uhrnet.session.state import SessionState
from napari_uhrnet.widgets.correct.resuming import Resuming
from napari_uhrnet.widgets.correct.tool import Correcting
from napari_uhrnet.widgets.inspect.side_by_side import SideBySide
from napari_uhrnet.widgets.inspect.swipe import Swipe
from napari_uhrnet.widgets.inspect.uncertainty import Uncertainty
from napari_uhrnet.widgets.segment.overlay import Overlay
from napari_uhrnet.widgets.segment.region_drawing import RegionDrawing
from napari_uhrnet.widgets.segment.remembered import follow_session

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari.viewer
    from napari.layers import Image
    from qtpy.QtCore import QSettings
    from qtpy.QtWidgets import QWidget

    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.engine import Engine
    from napari_uhrnet.session.runner import Runner


class _Closed(Protocol):
    def close(self) -> None: ...


class Parts:
    """The session and the tools of one dock widget, each of them once.

    Parameters
    ----------
    owner
        The dock widget; when Qt deletes it, everything ends.
    runner
        Makes a runner; each kind of job has one of its own.
    image_of
        The image layer that a scene is shown in, None if it is gone.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        owner: QWidget,
        settings: QSettings,
        engine: Engine,
        runner: Callable[[], Runner],
        image_of: Callable[[Scene], Image | None],
    ) -> None:
        self.viewer, self.settings, self.engine, self.image_of = viewer, settings, engine, image_of
        self._make_session(runner)
        self._make_tools(owner)
        # At its end napari only deletes the widget, without a close event.
        owner.destroyed.connect(self.correcting.let_go)
        for job in self._jobs:
            owner.destroyed.connect(job.close)

    def _make_session(self, runner: Callable[[], Runner]) -> None:
        self.state = state = SessionState(model=DEFAULT_MODEL)
        follow_session(state, self.settings)
        self.models = ModelPool(self.engine)
        self.controller = Controller(state, runner(), self.engine, self.models)
        self.comparer = Comparer(runner())
        state.events.scene.connect(self.comparer.forget)
        self.ranker = Ranker(runner())
        self.fine_tuning = FineTuning()
        self.readout = Readout(runner())
        self.features = FeatureViewer(state, runner(), self.engine, self.models)
        self.neighbours = NeighbourEffect(state, runner(), self.engine, self.models)
        self.predictions = OtherPredictions(self.engine)
        self.neighbours.predicted.connect(self.predictions.note)
        self.controller.workspace_opened.connect(self.predictions.note)

    def _make_tools(self, owner: QWidget) -> None:
        viewer, state = self.viewer, self.state
        self.overlay = overlay = Overlay(viewer, state, self.controller, self.image_of, owner)
        self.side_by_side = SideBySide(viewer, state, overlay, self.predictions, owner)
        self.swipe = Swipe(viewer, state, overlay, owner)
        self.uncertainty = Uncertainty(state, overlay, owner)
        self.region_drawing = RegionDrawing(state, overlay, owner)
        self.correcting = Correcting(
            viewer, state, self.controller, overlay, self.image_of, self.settings
        )
        self.resuming = Resuming(viewer, state, self.correcting, owner)

    @property
    def _jobs(self) -> tuple[_Closed, ...]:
        return (
            self.controller,
            self.comparer,
            self.ranker,
            self.fine_tuning,
            self.readout,
            self.features,
            self.neighbours,
        )

    def stop(self) -> None:
        """Save what was painted and restore the viewer; what cannot be saved is lost."""
        self.correcting.stop(discard=True)
        self.controller.close()
        self.swipe.leave()
        self.side_by_side.leave()

    def close(self) -> None:
        """End everything that runs; the layers stay."""
        for job in self._jobs:
            job.close()
        self.overlay.close()
