"""Resumes projects: their scenes, view, pixel size, network and corrections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from qtpy.QtCore import QObject, QTimer

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.session.project.project_file import FILE
from napari_uhrnet.widgets.kit.view import fit_window

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.project.scene_files import SceneEntry
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.correct.tool import Correcting

PROJECT = "project"
"""Key of a layer's metadata: folder of the project that it was opened from."""


class Resuming(QObject):
    """Resumes correcting of layers that the reader opened from a project, each once."""

    def __init__(
        self,
        viewer: ViewerModel,
        session: SessionState,
        correcting: Correcting,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._correcting = viewer, session, correcting
        self._resumed: WeakSet[Image] = WeakSet()

    def open(self, folder: Path) -> None:
        """Open the project in a folder if it is one of other scenes; else correct the present
        scene in it.
        """
        scene = self._session.scene
        try:
            foreign = (folder / FILE).exists() and not _holds(Project.open(folder), scene)
            if foreign:
                self._viewer.open(str(folder), plugin="napari-uhrnet")
            else:
                self._correcting.start(folder)
        except UserError as error:
            self._correcting.state.message = str(error)

    def layer_chosen(self, layer: Image) -> None:
        """The session has the scene of this layer now."""
        folder = layer.metadata.get(PROJECT)
        if folder is None or layer in self._resumed:
            return
        self._resumed.add(layer)
        # napari shows all of the first layer once it is in: later than this.
        QTimer.singleShot(0, lambda: self._resume(layer, Path(folder)))

    def _resume(self, layer: Image, folder: Path) -> None:
        scene = self._session.scene
        if scene is None or layer not in self._viewer.layers:
            return
        try:
            project = Project.open(folder)
            entry = project.scene(scene.fingerprint)
        except UserError as error:
            self._correcting.state.message = str(error)
            return
        self._restore(project, entry, layer)
        self._correcting.start(folder)

    def _restore(self, project: Project, entry: SceneEntry, layer: Image) -> None:
        if project.model is not None:
            self._session.model = project.model
        if entry.pixel_size_m is not None:
            self._session.pixel_size_m = entry.pixel_size_m
        if entry.view:
            fit_window(self._viewer, layer, entry.view)


def _holds(project: Project, scene: Scene | None) -> bool:
    return scene is not None and any(s.fingerprint == scene.fingerprint for s in project.scenes)
