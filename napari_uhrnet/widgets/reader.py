"""File > Open for scenes: lazy levels, and the scene itself in the layer's metadata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_uhrnet.errors import UserError
from napari_uhrnet.widgets import words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_uhrnet.scene.base import Scene

LayerData = tuple[Any, dict[str, Any], str]

SUFFIXES = (".tif", ".tiff", ".svs", ".png", ".jpg", ".jpeg", ".zarr")


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[LayerData]] | None:
    """`read` for paths that look like scenes, None for what other readers should try."""
    paths = [path] if isinstance(path, str) else list(path)
    if paths and all(Path(p).suffix.lower() in SUFFIXES or is_project(p) for p in paths):
        return read
    return None


def is_project(path: str | Path) -> bool:
    """Whether a folder is a project of this package."""
    from napari_uhrnet.session.project.project_file import FILE

    return (Path(path) / FILE).is_file()


def read(path: str | Sequence[str]) -> list[LayerData]:
    """One image layer a path, of a project one for each of its scenes.

    Raises
    ------
    UserError
        If a file cannot be read, or none of a project's scenes is found.
    """
    paths = [path] if isinstance(path, str) else list(path)
    layers = []
    for p in paths:
        layers += _of_project(Path(p)) if is_project(p) else [scene_layer(_open(p))]
    return layers


def _of_project(folder: Path) -> list[LayerData]:
    """The scenes that are found; a warning names the others."""
    from napari.utils.notifications import show_warning

    from napari_uhrnet.session.project.project import Project

    project = Project.open(folder)
    layers, problems = [], []
    for entry in project.scenes:
        try:
            scene = _open(str(project.find(entry)), entry.pixel_size_m)
        except UserError as error:
            problems.append(error)
            continue
        levels, kwargs, kind = scene_layer(scene)
        kwargs["metadata"]["project"] = str(folder.absolute())
        layers.append((levels, kwargs, kind))
    if not layers:
        raise problems[0] if problems else UserError(f"{folder}: this project has no scenes yet")
    for problem in problems:
        show_warning(str(problem))
    return layers


def scene_layer(scene: Scene) -> LayerData:
    """Layer data of a scene, as the networks see it: 8-bit RGB as stored, all else stretched."""
    levels = scene.rgb_levels()
    several = len(levels) > 1
    kwargs = {
        "name": scene.name,
        "rgb": True,
        "multiscale": several,
        "metadata": {"scene": scene},
    }
    return (levels if several else levels[0]), kwargs, "image"


def _open(path: str, pixel_size_m: float | None = None) -> Scene:
    """Open a scene; while its smaller levels are built, napari's activity shows a bar."""
    from napari.utils import cancelable_progress

    from napari_uhrnet.scene.open import open_scene

    bar = None

    def show(fraction: float) -> None:
        nonlocal bar
        if bar is None:
            bar = cancelable_progress(total=100, desc=words.preparing(Path(path).name))
        bar.update(round(100 * fraction) - bar.n)
        if bar.is_canceled:
            raise UserError(f"{path}: not opened, because preparing it was cancelled.")

    try:
        return open_scene(path, pixel_size_m, progress=show)
    finally:
        if bar is not None:
            bar.close()
