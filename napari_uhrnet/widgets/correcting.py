"""Corrects the present scene: opens its project, paints, edits polygons, and closes it again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.correct_state import CorrectState
from napari_uhrnet.session.open_corrections import OpenCorrections, project_beside
from napari_uhrnet.widgets.answer_watch import AnswerWatch
from napari_uhrnet.widgets.corrections_overview import CorrectionsOverview
from napari_uhrnet.widgets.keys import Keys
from napari_uhrnet.widgets.outlines import Outlines
from napari_uhrnet.widgets.painting import Painting
from napari_uhrnet.widgets.region_editing import RegionEditing, around

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Image, Labels
    from qtpy.QtCore import QSettings

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.polygon import Polygon
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.controller import Controller
    from napari_uhrnet.session.correct_state import Tool
    from napari_uhrnet.session.neighbourhood import Operation
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.overlay import Overlay

COUNT_MS = 300
UNDO, REDO, REVIEWED = "Control-Z", "Control-Shift-Z", "R"
UNKNOWN_ANSWER = "no network"
"""Where what is marked reviewed came from if no network's answer is shown."""


class Correcting(QObject):
    """The corrections of one scene after another; ``state`` is what the panel shows.

    Parameters
    ----------
    image_of
        The image layer that a scene is shown in, None if it is gone.
    settings
        Where the folder of each scene's project is remembered.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        session: SessionState,
        controller: Controller,
        overlay: Overlay,
        image_of: Callable[[Scene], Image | None],
        settings: QSettings,
    ) -> None:
        super().__init__()
        self.state = CorrectState()
        self._viewer, self._session, self._controller = viewer, session, controller
        self._overlay, self._image_of, self._settings = overlay, image_of, settings
        self._keys = Keys(viewer)
        self._open: OpenCorrections | None = None
        self._hidden: Labels | None = None
        self._counting = QTimer(self, singleShot=True, interval=COUNT_MS)
        self._counting.timeout.connect(self._count)
        session.events.scene.connect(self.stop)
        session.events.opacity.connect(self._show_look)
        session.events.hidden.connect(self._show_look)
        self.state.events.protected.connect(self._protect)
        self.state.events.tool.connect(self._on_tool)

    # Beginning and end.

    def start(self, folder: Path | None = None) -> bool:
        """Correct the present scene, in a folder or the one it had; False if that can't be."""
        self.stop()
        try:
            scene, image, classes = self._present()
            folder = folder or self._remembered(scene)
            opened = OpenCorrections(scene, folder, classes)
        except UserError as error:
            self.state.message = str(error)
            return False
        self._settings.setValue(f"projects/{scene.fingerprint}", str(folder))
        self._begin(opened, scene, image)
        return True

    def stop(self) -> None:
        """Save everything and close the project."""
        if self._open is None:
            return
        self._regions.close()
        self._keys.release()
        self._counting.stop()
        self._watch.close()
        self._painting.shown.disconnect(self._on_shown)
        self._painting.close()
        self._show_answer()
        self._overview.close()
        self._outlines.remove()
        state = self.state
        state.active = state.can_paint = state.has_polygon = False
        state.progress = None
        self.close_files()

    def close_files(self) -> None:
        """Let go of what is on the disk; enough where the window is being deleted."""
        opened, self._open = self._open, None
        if opened is None:
            return
        self._regions.close()
        try:
            opened.close(self._session.view)
        except UserError as error:
            self.state.message = str(error)

    def _present(self) -> tuple[Scene, Image, ClassTable]:
        scene, card = self._session.scene, self._session.card
        image = None if scene is None else self._image_of(scene)
        if scene is None or image is None:
            raise UserError("Open an image first: File > Open, or drop one on the window.")
        if card is None:
            raise UserError("Choose a network first: a new project has its classes.")
        return scene, image, card.classes

    def _remembered(self, scene: Scene) -> Path:
        beside = project_beside(scene)
        return Path(self._settings.value(f"projects/{scene.fingerprint}", str(beside), type=str))

    def _begin(self, opened: OpenCorrections, scene: Scene, image: Image) -> None:
        self._open, corrections = opened, opened.corrections
        classes, state = opened.store.classes, self.state
        state.classes, state.folder, state.message = classes, str(opened.project.folder), ""
        if state.class_id not in classes.names:
            state.class_id = classes.classes[0].id
        state.protected &= frozenset(classes.names)
        state.tool = "paint"
        self._watch = AnswerWatch(self._session, self._controller, self._overlay)
        self._watch.replaced.connect(self._on_answer_replaced)
        self._watch.grown.connect(self._on_answer_grown)
        corrections.predict = self._watch.predict(classes)
        self._protect()
        self._painting = Painting(self._viewer, image, scene, corrections, state)
        self._painting.edited.connect(self._on_edited)
        self._painting.shown.connect(self._on_shown)
        self._painting.made.connect(self._on_made)
        self._painting.removed.connect(self.stop)
        self._painting.paint.released.connect(self.follow_view)
        self._outlines = Outlines(self._viewer, image)
        self._outlines.changed.connect(self._on_outlines)
        self._regions = RegionEditing(self._painting, corrections, state)
        self._regions.ended.connect(self._on_region_edited)
        self._overview = CorrectionsOverview(self._viewer, image, opened.store)
        for key, action in self._actions().items():
            self._keys.bind(key, action)
        state.active = True
        self._on_edited()
        self._count()
        self._show_look()
        self.follow_view()
        self._overview.set_shown(not self._painting.paint.is_shown)

    def follow_view(self) -> None:
        """The view has moved."""
        # In a grid nobody paints, and what is shown there comes back as it was.
        if self._open is not None and not self._viewer.canvas.grid.enabled:
            self._painting.follow_view(self._session.view)

    # What the person can do.

    def undo(self) -> None:
        """Take the latest edit back, wherever it was."""
        self._step(forward=False)

    def redo(self) -> None:
        """Do again what was undone last."""
        self._step(forward=True)

    def draw_polygon(self) -> None:
        """Let the person draw a polygon."""
        if self._open is not None:
            self.state.tool = "polygon"
            self._outlines.draw()

    def edit_polygon(self, operation: Operation) -> None:
        """Do something to all labels in the polygon."""
        if (polygon := self._polygon()) is not None:
            self._regions.apply(polygon, operation)

    def mark_view_reviewed(self) -> None:
        """What is shown in view is right."""
        if self._open is not None and self._session.view is not None:
            self._regions.mark_reviewed(around(self._session.view), self._answers_hash())

    def mark_polygon_reviewed(self) -> None:
        """What is shown in the polygon is right."""
        if (polygon := self._polygon()) is not None:
            self._regions.mark_reviewed(polygon, self._answers_hash())

    def unmark_polygon_reviewed(self) -> None:
        """Nothing in the polygon is reviewed any more."""
        if (polygon := self._polygon()) is not None:
            self._regions.unmark_reviewed(polygon)

    def stop_edit(self) -> None:
        """Take the edit that is running back."""
        if self._open is not None:
            self._regions.stop()

    def _actions(self) -> dict[str, Callable[[Any], None]]:
        return {
            UNDO: lambda _: self.undo(),
            REDO: lambda _: self.redo(),
            REVIEWED: lambda _: self.mark_view_reviewed(),
        }

    def _step(self, *, forward: bool) -> None:
        if self._open is None or self._painting.is_busy:
            return
        self._painting.commit_unfinished()
        corrections = self._open.corrections
        with self._painting.telling_errors():
            windows = corrections.redo() if forward else corrections.undo()
            self._painting.show_again(windows)
            self._on_edited(*windows)

    def _polygon(self) -> Polygon | None:
        if self._open is None:
            return None
        polygon = self._outlines.chosen()
        if polygon is None:
            self.state.message = "Draw a polygon first."
        return polygon

    def _answers_hash(self) -> str:
        where, opened = self._watch.where, self._open
        if where is None or opened is None:
            return UNKNOWN_ANSWER
        with self._painting.telling_errors():
            opened.project.add_checkpoint(where.model.hash, where.model.name)
        return where.model.hash

    # What follows from other things.

    def _protect(self) -> None:
        if self._open is not None:
            self._open.corrections.protected = self.state.protected

    def _on_edited(self, *windows: Window) -> None:
        if self._open is None:
            return
        self._overview.look_at(*windows)
        journal = self._open.journal
        self.state.undoable = next(iter(journal.undoable[-1:]), "")
        self.state.redoable = next(iter(journal.redoable[-1:]), "")
        if not self._counting.isActive():
            self._counting.start()

    def _count(self) -> None:
        if self._open is None or self._painting.is_busy:
            return
        counts, state = self._open.store.counts(), self.state
        state.labelled_px, state.reviewed_px = counts.labelled_px, counts.reviewed_px
        state.scene_px = counts.scene_px

    def _on_tool(self, tool: Tool) -> None:
        if self._open is not None and tool != "polygon":
            self._outlines.rest()

    def _on_made(self, layer: Labels) -> None:
        for key, action in self._actions().items():
            layer.bind_key(key, action, overwrite=True)
        self._show_look()

    def _show_look(self) -> None:
        if self._open is not None:
            for layer in (self._painting.paint, self._overview):
                layer.set_look(self._session.opacity, self._session.hidden)

    def _on_outlines(self, there: bool) -> None:
        self.state.has_polygon = there

    def _on_shown(self, shown: bool) -> None:
        """Two layers of the same labels would look darker than one."""
        self._overview.set_shown(not shown)
        labels = self._overlay.labels
        if shown and labels is not None and labels.visible:
            self._hidden, labels.visible = labels, False
        elif not shown:
            self._show_answer()

    def _show_answer(self) -> None:
        if self._hidden is not None:
            self._hidden.visible = True
            self._hidden = None

    def _on_region_edited(self, window: Window) -> None:
        # On a thread of its own all else had to wait for it.
        self._on_answer_replaced()
        self._on_edited(window)

    def _on_answer_replaced(self) -> None:
        if self._open is None or self._painting.is_busy:
            return
        self._painting.commit_unfinished()
        self._open.corrections.predict = self._watch.predict(self._open.store.classes)
        self._on_shown(self._painting.paint.is_shown)
        self._painting.check_out_again()
        self.follow_view()

    def _on_answer_grown(self, window: Window) -> None:
        if self._open is not None:
            self._painting.follow_answer(window)
