"""The scenes of a project: the stored paths of their files, and how moved files are found."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Self

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_uhrnet.session.project.project_file import SceneData

LOOKED_AT = 200
"""At most so many files are opened to find a scene that has moved."""


@dataclass(frozen=True)
class SceneEntry:
    """One scene of a project; its fingerprint is its id.

    ``path`` is relative to the project's folder (with forward slashes) if the file lies in or
    beside it, else absolute. ``view`` is what was last on screen, in level-0 pixels.
    """

    fingerprint: str
    path: str
    shape_yx: tuple[int, int]
    pixel_size_m: float | None = None
    view: Window | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `project_file.SceneData` reads it back."""
        view = self.view
        return {
            "fingerprint": self.fingerprint,
            "path": self.path,
            "shape_yx": list(self.shape_yx),
            "pixel_size_m": self.pixel_size_m,
            "view": None if view is None else [view.y, view.x, view.height, view.width],
        }

    @classmethod
    def of(cls, data: SceneData) -> Self:
        """From what was read of a project's file."""
        height, width = data.shape_yx
        view = None if data.view is None else Window(*data.view)
        return cls(data.fingerprint, data.path, (height, width), data.pixel_size_m, view)


def path_in_project(folder: Path, path: Path) -> str:
    """The path of a file as a project stores it."""
    absolute, beside = path.absolute().resolve(), folder.absolute().resolve().parent
    if absolute.is_relative_to(beside):
        return PurePath(os.path.relpath(absolute, folder.absolute().resolve())).as_posix()
    return str(absolute)


def find_scene(folder: Path, entry: SceneEntry) -> Path:
    """The file of a scene: at its stored path, else an equal one in or beside the project.

    Raises
    ------
    UserError
        It is nowhere there.
    """
    stored = (folder / entry.path).absolute()
    for path in _candidates(folder, stored):
        if _is_scene(path, entry.fingerprint):
            return Path(os.path.normpath(path))
    state = "is another image now" if exists(stored) else "is not there any more"
    raise UserError(
        f"{os.path.normpath(stored)}: this scene of the project {state}: put it beside the project "
        f"{folder} or give its path"
    )


def exists(path: Path) -> bool:
    """Whether there is something; a path that no system can have leads to nothing."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def check_scene(path: Path, entry: SceneEntry) -> None:
    """UserError unless a file holds the pixels of a scene."""
    if fingerprint_of(path) != entry.fingerprint:
        raise UserError(
            f"{path}: this is another image than {PurePath(entry.path).name} of the project: "
            "choose the one that was corrected"
        )


def _candidates(folder: Path, stored: Path) -> Iterator[Path]:
    """Where it was, then files of its name, then those of its kind, each once."""
    yield stored
    places = dict.fromkeys((folder, folder / "scenes", folder.absolute().parent, stored.parent))
    yield from (place / stored.name for place in places if place / stored.name != stored)
    looked_at = 0
    for place in places:
        for path in _files(place):
            if path.suffix.lower() == stored.suffix.lower() and path.name != stored.name:
                yield path
                looked_at += 1
                if looked_at == LOOKED_AT:
                    return


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_scene(path: Path, fingerprint: str) -> bool:
    try:
        return exists(path) and fingerprint_of(path) == fingerprint
    except UserError:
        return False
