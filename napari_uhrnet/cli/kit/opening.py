"""Scenes for commands: opened with a progress line, closed at the end."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_uhrnet.cli.kit.progress import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_uhrnet.scene.base import Scene


@contextmanager
def opened(path: Path, pixel_size_m: float | None = None) -> Iterator[Scene]:
    """A scene; large files without smaller levels get them now, which takes a while."""
    from napari_uhrnet.scene.open import open_scene

    with ProgressLine("building levels") as line:
        scene = open_scene(path, pixel_size_m, progress=line.share)
    with scene:
        yield scene
