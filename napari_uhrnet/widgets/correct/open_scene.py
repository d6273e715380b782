"""One scene while it is corrected: keeps screen, painted labels and files in step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_uhrnet.widgets.correct.outlines import Outlines
from napari_uhrnet.widgets.correct.overview import CorrectionsOverview
from napari_uhrnet.widgets.correct.painting import Painting
from napari_uhrnet.widgets.correct.region_editing import RegionEditing
from napari_uhrnet.widgets.segment.prediction_watch import PredictionWatch

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels

    from napari_uhrnet.geometry.polygon import Polygon
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.controller import Controller
    from napari_uhrnet.session.correct.open_corrections import OpenCorrections
    from napari_uhrnet.session.correct.state import CorrectState, Tool
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.segment.overlay import Overlay

COUNT_MS = 300
UNKNOWN_PREDICTED = "no network"
"""Source of reviewed labels if no network's prediction is shown."""


class CorrectedScene(QObject):
    """Made when correcting begins, and closed when it ends."""

    layer_made = Signal(object)
    """The labels layer that is painted in."""
    removed = Signal()
    """The user has removed it."""

    def __init__(
        self,
        viewer: ViewerModel,
        image: Image,
        scene: Scene,
        opened: OpenCorrections,
        state: CorrectState,
        session: SessionState,
        controller: Controller,
        overlay: Overlay,
    ) -> None:
        super().__init__()
        self._viewer, self._open, self._overlay = viewer, opened, overlay
        self._state, self._session = state, session
        self._hidden: Labels | None = None
        self._outdated = False
        """Whether another prediction is to be shown, which could not be done yet."""
        self._watch = PredictionWatch(session, controller, overlay)
        opened.corrections.predict = self._watch.predict(opened.store.classes)
        self.painting = Painting(viewer, image, scene, opened.corrections, state)
        self.outlines = Outlines(viewer, image)
        self.regions = RegionEditing(self.painting, opened.corrections, scene, state)
        self.overview = CorrectionsOverview(viewer, image, opened.store)
        self._counting = QTimer(self, singleShot=True, interval=COUNT_MS)
        self._connect()
        self._protect()
        self._on_edited()
        self._count()
        self._show_look()
        self.follow_view()
        self.overview.set_shown(not self.painting.paint.is_shown)

    def _connect(self) -> None:
        self._watch.replaced.connect(self._on_prediction_replaced)
        self._watch.grown.connect(self.painting.follow_prediction)
        self.painting.edited.connect(self._on_edited)
        self.painting.shown.connect(self._on_shown)
        self.painting.made.connect(self._on_made)
        self.painting.removed.connect(self.removed)
        self.painting.paint.released.connect(self.follow_view)
        self.outlines.changed.connect(self._on_outlines)
        self.regions.ended.connect(self._on_region_edited)
        self._counting.timeout.connect(self._count)
        session, state = self._session.events, self._state.events
        self._wiring = (
            (session.opacity, self._show_look),
            (session.hidden, self._show_look),
            (state.protected, self._protect),
            (state.tool, self._on_tool),
            (state.comparing, self._on_comparing),
        )
        for signal, slot in self._wiring:
            signal.connect(slot)

    def save(self) -> bool:
        """Commit what is painted; False if that fails: then nothing may be closed or moved."""
        return self.painting.commit_unfinished()

    def save_all(self) -> bool:
        """`save`, after an edit that still runs was undone: what is painted waits for it."""
        self.regions.end()
        return self.save()

    def retry(self) -> None:
        """Commit again what could not be saved, and follow the view if that succeeds."""
        if self.save():
            self.follow_view()

    def discard(self) -> None:
        """Give up what could not be saved."""
        self.painting.discard()
        self.follow_view()

    def close(self) -> None:
        """Remove all layers; `save` before, what is not saved is lost."""
        self.let_go()
        for signal, slot in self._wiring:
            signal.disconnect(slot)
        self.painting.shown.disconnect(self._on_shown)
        self.painting.close()
        self._show_prediction()
        # Closing has committed, and that is counted and shown later.
        self._counting.stop()
        self.overview.close()
        self.outlines.remove()

    def let_go(self) -> None:
        """Write no files any more; enough where the window is being deleted."""
        self.regions.close()
        self._counting.stop()
        self._watch.close()

    def follow_view(self) -> None:
        """The view has moved."""
        # In grid view nothing is painted, and the layers come back unchanged.
        if self._viewer.canvas.grid.enabled:
            return
        self.painting.show_grown()
        if self._outdated:
            self._take_prediction()
        self.painting.follow_view(self._session.view)

    def step(self, *, forward: bool) -> None:
        """Redo or undo."""
        if self.painting.is_taken or not self.painting.commit_unfinished():
            return
        if self.regions.step(forward=forward):
            return
        corrections = self._open.corrections
        with self.painting.showing_errors():
            windows = corrections.redo() if forward else corrections.undo()
            self.painting.show_again(windows)
            self._on_edited(*windows)
            self._state.message = ""

    def mark_reviewed(self, polygon: Polygon) -> bool:
        """Mark the labels shown in a polygon as reviewed; False if that is refused or fails."""
        return self.regions.mark_reviewed(polygon, self._predictions_hash())

    def _predictions_hash(self) -> str:
        where = self._watch.where
        if where is None:
            return UNKNOWN_PREDICTED
        with self.painting.showing_errors():
            self._open.project.add_checkpoint(where.model.hash, where.model.name)
        return where.model.hash

    def _protect(self) -> None:
        self._open.corrections.protected = self._state.protected

    def _on_edited(self, *windows: Window) -> None:
        self.overview.look_at(*windows)
        journal = self._open.journal
        self._state.undoable = next(iter(journal.undoable[-1:]), "")
        self._state.redoable = next(iter(journal.redoable[-1:]), "")
        if not self._counting.isActive():
            self._counting.start()

    def _count(self) -> None:
        if self.painting.is_busy:
            return
        counts, state = self._open.store.counts(), self._state
        state.labelled_px, state.reviewed_px = counts.labelled_px, counts.reviewed_px
        state.scene_px = counts.scene_px

    def _on_tool(self, tool: Tool) -> None:
        if tool != "polygon":
            self.outlines.rest()

    def _on_comparing(self, comparing: bool) -> None:
        if comparing:
            self.painting.commit_unfinished()
        self.painting.rest(comparing)
        self.follow_view()

    def _on_made(self, layer: Labels) -> None:
        self._show_look()
        self.layer_made.emit(layer)

    def _show_look(self) -> None:
        for layer in (self.painting.paint, self.overview):
            layer.set_look(self._session.opacity, self._session.hidden)

    def _on_outlines(self, there: bool) -> None:
        self._state.has_polygon = there

    def _on_shown(self, shown: bool) -> None:
        """Two layers of the same labels would look darker than one."""
        self.overview.set_shown(not shown)
        labels = self._overlay.labels
        if shown and labels is not None and labels.visible:
            self._hidden, labels.visible = labels, False
        elif not shown:
            self._show_prediction()

    def _show_prediction(self) -> None:
        if self._hidden is not None:
            self._hidden.visible = True
            self._hidden = None

    def _on_region_edited(self, windows: tuple[Window, ...]) -> None:
        # What an undo on a thread reverted must not be taken for painted pixels.
        self.painting.show_again(windows)
        # Changes of the prediction had to wait for an edit on another thread.
        self._on_prediction_replaced()
        self._on_edited(*windows)

    def _on_prediction_replaced(self) -> None:
        self._outdated = True
        self._take_prediction()
        self.follow_view()

    def _take_prediction(self) -> None:
        """Show another prediction; not in the middle of a stroke, nor over unsaved ones."""
        if self.painting.is_taken or not self.painting.commit_unfinished():
            return
        self._outdated = False
        self._open.corrections.predict = self._watch.predict(self._open.store.classes)
        self._on_shown(self.painting.paint.is_shown)
        self.painting.check_out_again()
