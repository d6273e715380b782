"""The corrections of a scene in its project, from the moment they are opened until closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import labels_to_level0
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.mapping import ClassMapping
from napari_uhrnet.session.correct.corrections import Corrections
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.session.project.project_file import FILE
from napari_uhrnet.store.journal.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.correct.corrections import Predict
    from napari_uhrnet.session.engine import Workspace


def project_beside(scene: Scene) -> Path:
    """Where the project of a scene is by default; UserError if the scene is in no file."""
    if scene.path is None:
        raise UserError(
            f"{scene.name}: only images in a file can be corrected: save it, "
            "open the file with File > Open, and choose napari-uhrnet as its reader"
        )
    return scene.path.absolute().with_suffix(".uhrnet")


class OpenCorrections:
    """A scene's corrections; this process alone may write them until `close`.

    Parameters
    ----------
    folder
        Of the project; a new one is made if it holds none.
    classes
        Of a new project; None is enough for an existing one, which keeps its own.

    Raises
    ------
    UserError
        It can't be written, is in use by another program, or is damaged.
    """

    def __init__(self, scene: Scene, folder: Path, classes: ClassTable | None) -> None:
        self.project = _project(folder, classes)
        self.project.add_scene(scene)
        self.fingerprint = scene.fingerprint
        self.store = self.project.annotations(scene)
        try:
            self.journal = Journal(self.store)
        except BaseException:
            self.store.close()
            raise
        self.corrections = Corrections(self.journal, nothing)
        self._closed = False

    def close(self, view: Window | None = None) -> None:
        """Save everything and let others write; remembers the view. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            self.journal.close()
            if view is not None:
                self.project.set_view(self.fingerprint, view)
        finally:
            self.store.close()


def _project(folder: Path, classes: ClassTable | None) -> Project:
    if (folder / FILE).exists():
        return Project.open(folder)
    if classes is None:
        raise UserError("Choose a network first: a new project has its classes.")
    return Project.create(folder, classes)


def nothing(window: Window) -> NDArray[np.uint8]:
    """The prediction where there is none: (h, w) uint8 of 255."""
    return np.full(window.shape_yx, NOTHING, np.uint8)


def predicted(where: Workspace | None, branch: str, classes: ClassTable) -> Predict:
    """Reads the stored prediction of a level-0 window, in the classes of a project."""
    if where is None:
        return nothing
    mapping = ClassMapping(where.model.classes, classes)
    grid, store, plane = where.layout.inference, where.store, f"{branch}/labels"

    def predict(window: Window) -> NDArray[np.uint8]:
        return mapping.apply(labels_to_level0(lambda w: store.read(plane, w), grid, window))

    return predict
