"""Projects: folders with the corrections of some scenes, which can be moved and shared.

``project.json`` names the scenes, classes and checkpoints; ``annotations/<fingerprint>/`` holds the
corrections of each scene. The scenes' own files stay where they are.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.project.project_file import FILE, FORMAT_VERSION, read_project_file
from napari_uhrnet.session.project.scene_files import (
    SceneEntry,
    check_scene,
    exists,
    find_scene,
    path_in_project,
)
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from napari_uhrnet.store.files.disk import disk_errors, write_whole
from napari_uhrnet.store.journal.journal import Journal
from napari_uhrnet.store.journal.reclassing import take_classes

if TYPE_CHECKING:
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene


@dataclass(frozen=True)
class CheckpointEntry:
    """A checkpoint that was used: hash of its weights, and its name or file."""

    hash: str
    name: str


class Project:
    """Scenes, classes and checkpoints; every change is saved at once.

    `create` or `open` makes one. ``scenes`` are in the order in which they were added.
    """

    def __init__(
        self,
        folder: Path,
        classes: ClassTable,
        scenes: tuple[SceneEntry, ...] = (),
        checkpoints: tuple[CheckpointEntry, ...] = (),
        model: str | None = None,
        merged: tuple[tuple[int, int], ...] = (),
        retired: frozenset[int] = frozenset(),
    ) -> None:
        self.folder = folder
        self.classes = classes
        self.merged = merged
        """(from, to): ids that were merged into others, in the order in which that was done."""
        self.retired = retired
        """Ids of removed classes: no class gets one of them again."""
        self.scenes = scenes
        self.checkpoints = checkpoints
        self._model = model

    @classmethod
    def create(cls, folder: Path, classes: ClassTable) -> Self:
        """A new project; the folder may exist, but not hold a project. UserError if that fails."""
        if (folder / FILE).exists():
            raise UserError(f"{folder}: this is a project already: open it or choose another")
        project = cls(folder, classes)
        with disk_errors(folder, "the project", "choose another place"):
            folder.mkdir(parents=True, exist_ok=True)
        project.save()
        return project

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The project in a folder; UserError if it holds none, or one of a newer version."""
        data = read_project_file(folder)
        return cls(
            folder,
            data.table,
            tuple(SceneEntry.of(s) for s in data.scenes),
            tuple(CheckpointEntry(c.hash, c.name) for c in data.checkpoints),
            data.model,
            tuple((gone, kept) for gone, kept in data.merged),
            frozenset(data.retired),
        )

    def save(self) -> None:
        """Write the project's file anew."""
        data = json.dumps(self._to_dict(), indent=2, ensure_ascii=False)
        with disk_errors(self.folder, "the project", "choose another place"):
            write_whole(self.folder / FILE, data.encode(), durable=True)

    def add_scene(self, scene: Scene) -> SceneEntry:
        """Add a scene, or update where its file is. UserError if it has none."""
        if scene.path is None:
            raise UserError(f"{scene.name}: this image is not in a file: save it first")
        old = next((s for s in self.scenes if s.fingerprint == scene.fingerprint), None)
        entry = SceneEntry(
            scene.fingerprint,
            path_in_project(self.folder, scene.path),
            scene.shape_yx,
            scene.pixel_size_m or (old.pixel_size_m if old else None),
            old.view if old else None,
        )
        self._put(entry)
        return entry

    def scene(self, fingerprint: str) -> SceneEntry:
        """The scene with this fingerprint; UserError if the project has none."""
        for entry in self.scenes:
            if entry.fingerprint == fingerprint:
                return entry
        raise UserError(f"{self.folder}: this scene is not part of the project: add it first")

    def find(self, entry: SceneEntry) -> Path:
        """The file of a scene, wherever it moved in or beside the project; else UserError."""
        path = find_scene(self.folder, entry)
        self._place(entry, path)
        return path

    def relocate(self, entry: SceneEntry, path: Path) -> None:
        """Set where the file of a scene is now; UserError if it is another image."""
        check_scene(path, entry)
        self._place(entry, path)

    def set_view(self, fingerprint: str, view: Window) -> None:
        """Remember what is on screen of a scene, in level-0 pixels."""
        self._put(replace(self.scene(fingerprint), view=view))

    def set_pixel_size(self, fingerprint: str, pixel_size_m: float) -> None:
        """Remember metres per pixel of level 0 of a scene, as given by the user."""
        self._put(replace(self.scene(fingerprint), pixel_size_m=pixel_size_m))

    @property
    def model(self) -> str | None:
        """Name or file of the network that was used last; None if there was none."""
        if self._model is None:
            return None
        path = (self.folder / self._model).absolute()
        return os.path.normpath(path) if exists(path) else self._model

    def set_model(self, name_or_file: str) -> None:
        """Remember a network; its file is found again if it is moved along with the project."""
        path = Path(name_or_file)
        kept = path_in_project(self.folder, path) if path.exists() else name_or_file
        if kept != self._model:
            self._model = kept
            self.save()

    def add_checkpoint(self, checkpoint_hash: str, name: str) -> None:
        """Remember a checkpoint that is used."""
        entry = CheckpointEntry(checkpoint_hash, name)
        others = tuple(c for c in self.checkpoints if c.hash != checkpoint_hash)
        self.checkpoints = (*others, entry)
        self.save()

    def set_classes(self, classes: ClassTable, merged: tuple[tuple[int, int], ...] = ()) -> None:
        """Set the classes; (from, to) ids in ``merged`` become one in all corrections.

        Corrections follow when `annotations` opens them, in one step; after a crash, at the next
        opening.
        """
        self.retired |= frozenset(self.classes.names) - frozenset(classes.names)
        self.merged += merged
        self.classes = classes
        self.save()

    def corrected(self) -> tuple[SceneEntry, ...]:
        """The scenes for which there are corrections."""
        return tuple(s for s in self.scenes if self._corrections(s).exists())

    def labelled_px(self) -> Counter[int]:
        """Labelled (corrected or reviewed) pixels by class id, of all scenes; only reads."""
        total: Counter[int] = Counter()
        for entry in self.corrected():
            total.update(AnnotationStore.open(self._corrections(entry)).counts().labelled_px)
        return total

    def annotations(self, scene: Scene | SceneEntry) -> AnnotationStore:
        """The corrections of a scene of the project, made when first asked for.

        Edits of a program that crashed are stored first, and a change of the classes is applied,
        unless another program corrects the scene now.
        """
        entry = self.scene(scene.fingerprint)
        folder = self._corrections(entry)
        if not folder.exists():
            return AnnotationStore.create(folder, entry.shape_yx, self.classes, entry.fingerprint)
        store = AnnotationStore.open(folder)
        if store.fingerprint != entry.fingerprint or store.shape_yx != entry.shape_yx:
            raise UserError(f"{folder}: these are corrections of another scene: move them away")
        # A project that is shared may be read-only.
        if os.access(folder, os.W_OK) and store.try_claim():
            try:
                with Journal(store) as journal:
                    take_classes(store, journal, self.classes, self.merged)
            finally:
                store.close()
        return store

    def _corrections(self, entry: SceneEntry) -> Path:
        return self.folder / "annotations" / entry.fingerprint

    def _place(self, entry: SceneEntry, path: Path) -> None:
        self._put(replace(self.scene(entry.fingerprint), path=path_in_project(self.folder, path)))

    def _put(self, entry: SceneEntry) -> None:
        """Add or replace a scene, keeping the order; saved if that changes anything."""
        known = {s.fingerprint: s for s in self.scenes}
        if known.get(entry.fingerprint) == entry:
            return
        self.scenes = tuple((known | {entry.fingerprint: entry}).values())
        self.save()

    def _to_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT_VERSION,
            "classes": self.classes.to_dict(),
            "scenes": [s.to_dict() for s in self.scenes],
            "checkpoints": [{"hash": c.hash, "name": c.name} for c in self.checkpoints],
            "model": self._model,
            "merged": [list(pair) for pair in self.merged],
            "retired": sorted(self.retired),
        }
