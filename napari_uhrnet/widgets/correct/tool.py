"""Corrects the present scene: opens its project, acts on the panel's buttons and the keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.correct.open_corrections import OpenCorrections, project_beside
from napari_uhrnet.session.correct.state import CorrectState
from napari_uhrnet.widgets.correct import words
from napari_uhrnet.widgets.correct.open_scene import CorrectedScene
from napari_uhrnet.widgets.correct.region_editing import around
from napari_uhrnet.widgets.kit.keys import Keys
from napari_uhrnet.widgets.kit.settings import follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Image, Labels
    from qtpy.QtCore import QSettings

    from napari_uhrnet.geometry.polygon import Polygon
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.controller import Controller
    from napari_uhrnet.session.correct.operations import Operation
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.store.annotations.annotation import AnnotationStore
    from napari_uhrnet.widgets.segment.overlay import Overlay

UNDO, REDO, REVIEWED = "Control-Z", "Control-Shift-Z", "R"


class Correcting(QObject):
    """The corrections of one scene after another; ``state`` is what the panel shows.

    Parameters
    ----------
    image_of
        The image layer that a scene is shown in, None if it is gone.
    settings
        Where the folder of each scene's project and the sizes of brushes are remembered.
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
        follow(self.state, settings, {"brush_px": int, "superpixel_px": int})
        self._open: OpenCorrections | None = None
        self.scene: CorrectedScene | None = None
        self._scene: Scene | None = None
        session.events.scene.connect(self._on_scene)
        session.events.model.connect(self._note_settings)
        session.events.pixel_size_m.connect(self._note_settings)

    @property
    def opened(self) -> OpenCorrections | None:
        """The project and the journal of the present scene while it is corrected."""
        return self._open

    @property
    def store(self) -> AnnotationStore | None:
        """The corrections that are open; to be read only."""
        return None if self._open is None else self._open.store

    # Beginning and end.

    def start(self, folder: Path | None = None) -> bool:
        """Correct the present scene, in this folder or its last one; False if that fails."""
        if not self.stop():
            return False
        try:
            scene, image = self._present()
            folder = folder or self._remembered(scene)
            classes = self._session.card.classes if self._session.card else None
            opened = OpenCorrections(scene, folder, classes)
        except UserError as error:
            self.state.message = str(error)
            return False
        self._settings.setValue(f"projects/{scene.fingerprint}", str(folder))
        self._begin(opened, scene, image)
        return True

    def stop(self, *, discard: bool = False) -> bool:
        """Save everything and close the project.

        False if what was painted cannot be saved: then everything stays as it is, unless it may be
        discarded.
        """
        if self.scene is None:
            return True
        if not self.scene.save_all() and not discard:
            return False
        self.state.unsaved = ""
        scene, self.scene = self.scene, None
        self._keys.release()
        scene.close()
        state = self.state
        state.active = state.can_paint = state.has_polygon = False
        state.progress = None
        self._close_files()
        return True

    def _on_scene(self) -> None:
        self.stop()

    def let_go(self) -> None:
        """The window is being deleted: nothing is shown any more."""
        if self.scene is not None:
            self.scene.let_go()
            self._close_files()

    def set_comparing(self, comparing: bool) -> None:
        """Whether results are shown beside each other instead of the corrections."""
        self.state.comparing = comparing

    def follow_view(self) -> None:
        """The view has moved."""
        if self.scene is None:
            return
        if self._session.scene is not self._scene:
            self.stop()  # what could not be saved then may be now
        else:
            self.scene.follow_view()

    def may_leave(self) -> bool:
        """Whether everything is saved, once more tried: if not, nothing may be closed."""
        return self.scene is None or self.scene.save_all()

    def retry(self) -> None:
        """Try again to save what could not be saved."""
        if self.scene is not None:
            self.scene.retry()

    def discard(self) -> None:
        """Give up what was painted and could not be saved."""
        if self.scene is not None:
            self.scene.discard()

    def _close_files(self) -> None:
        opened, self._open = self._open, None
        if opened is None:
            return
        try:
            opened.close(self._session.view)
        except UserError as error:
            self.state.message = str(error)

    def _note_settings(self) -> None:
        """The project remembers network and pixel size."""
        if self._open is None:
            return
        project, session = self._open.project, self._session
        try:
            if session.card is not None:
                project.set_model(session.model)
            if session.pixel_size_m is not None:
                project.set_pixel_size(self._open.fingerprint, session.pixel_size_m)
        except UserError as error:
            self.state.message = str(error)

    def _present(self) -> tuple[Scene, Image]:
        scene = self._session.scene
        image = None if scene is None else self._image_of(scene)
        if scene is None or image is None:
            raise UserError("Open an image first: File > Open, or drop one on the window.")
        return scene, image

    def _remembered(self, scene: Scene) -> Path:
        beside = project_beside(scene)
        return Path(self._settings.value(f"projects/{scene.fingerprint}", str(beside), type=str))

    def _begin(self, opened: OpenCorrections, scene: Scene, image: Image) -> None:
        classes, state = opened.store.classes, self.state
        state.classes, state.folder, state.message = classes, str(opened.project.folder), ""
        if state.class_id not in classes.names:
            state.class_id = classes.classes[0].id
        state.protected &= frozenset(classes.names)
        state.tool = "paint"
        self._open, self._scene = opened, scene
        self._note_settings()
        self.scene = CorrectedScene(
            self._viewer,
            image,
            scene,
            opened,
            state,
            self._session,
            self._controller,
            self._overlay,
        )
        self.scene.removed.connect(self._on_layer_removed)
        self.scene.layer_made.connect(self._bind)
        if (layer := self.scene.painting.paint.layer) is not None:
            self._bind(layer)
        for key, action in self._actions().items():
            self._keys.bind(key, action)
        state.active = True

    def _on_layer_removed(self) -> None:
        self.stop(discard=True)

    def _bind(self, layer: Labels) -> None:
        # napari asks the selected layer first, and it would undo by itself.
        for key, action in self._actions().items():
            layer.bind_key(key, action, overwrite=True)

    def _actions(self) -> dict[str, Callable[[Any], None]]:
        return {
            UNDO: lambda _: self.undo(),
            REDO: lambda _: self.redo(),
            REVIEWED: lambda _: self.mark_view_reviewed(),
        }

    # Actions of the panel and the keys.

    def undo(self) -> None:
        """Undo the latest edit, wherever it was."""
        if self.scene is not None:
            self.scene.step(forward=False)

    def redo(self) -> None:
        """Redo what was undone last."""
        if self.scene is not None:
            self.scene.step(forward=True)

    def draw_polygon(self) -> None:
        """Let the user draw a polygon."""
        if self.scene is not None:
            self.state.tool = "polygon"
            self.scene.outlines.draw()

    def edit_polygon(self, operation: Operation) -> None:
        """Apply an operation to all labels in the polygon."""
        self._with_polygon(lambda scene, polygon: scene.regions.apply(polygon, operation))

    def snap_polygon(self, class_id: int, reach_px: int) -> None:
        """Move the border of a class to the image's edges in the polygon."""
        self._with_polygon(lambda scene, polygon: scene.regions.snap(polygon, class_id, reach_px))

    def mark_polygon_reviewed(self) -> None:
        """Mark the labels shown in the polygon as reviewed."""
        self._with_polygon(lambda scene, polygon: scene.mark_reviewed(polygon))

    def unmark_polygon_reviewed(self) -> None:
        """Mark the polygon as not reviewed."""
        self._with_polygon(lambda scene, polygon: scene.regions.unmark_reviewed(polygon))

    def mark_view_reviewed(self) -> None:
        """Mark the labels shown in view as reviewed."""
        if self.scene is not None and self._session.view is not None:
            self.scene.mark_reviewed(around(self._session.view))

    def stop_edit(self) -> None:
        """Stop and undo the running edit."""
        if self.scene is not None:
            self.scene.regions.stop()

    def _with_polygon(self, action: Callable[[CorrectedScene, Polygon], object]) -> None:
        if self.scene is None:
            return
        polygon = self.scene.outlines.chosen()
        if polygon is None:
            self.state.message = f"{words.NO_POLYGON}."
        else:
            action(self.scene, polygon)
