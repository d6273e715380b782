"""Pictures whose file says that they are to be turned or mirrored when they are shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.scene.picture.level import Level
    from napari_uhrnet.scene.picture.picture import Picture

_TURNS = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}
"""By the number of the tag: whether rows and columns are swapped, then up and down, then left
and right."""


@dataclass(frozen=True)
class UprightLevel:
    """A level turned and mirrored as its orientation (2 to 8) says."""

    level: Level
    orientation: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, bands), upright."""
        height, width, bands = self.level.shape
        return (width, height, bands) if _TURNS[self.orientation][0] else (height, width, bands)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self.level.dtype

    @property
    def chunk_yx(self) -> tuple[int, int]:
        """Stored blocks, upright."""
        rows, columns = self.level.chunk_yx
        return (columns, rows) if _TURNS[self.orientation][0] else (rows, columns)

    def read(self, window: Window) -> NDArray[Any]:
        """(h, w, bands) pixels of an upright window."""
        swapped, down, across = _TURNS[self.orientation]
        height, width, _ = self.shape
        y = height - window.bottom if down else window.y
        x = width - window.right if across else window.x
        stored = Window(y, x, window.height, window.width)
        if swapped:
            stored = Window(x, y, window.width, window.height)
        pixels = self.level.read(stored)
        if swapped:
            pixels = pixels.transpose(1, 0, 2)
        return np.ascontiguousarray(pixels[:: -1 if down else 1, :: -1 if across else 1])


def upright(picture: Picture, orientation: Any) -> Picture:
    """The picture as its orientation tag (EXIF, TIFF) says that it is shown, with a note.

    A picture with a place on the ground stays as it is stored: its place speaks of stored rows.
    """
    if orientation not in _TURNS:
        return picture
    if picture.georeference.transform is not None:
        said = (
            f"The orientation tag ({orientation}) is ignored: the file has a place on the ground."
        )
        return replace(picture, notes=(*picture.notes, said))
    levels = tuple(UprightLevel(level, orientation) for level in picture.levels)
    said = f"The pixels are turned upright, as the orientation tag ({orientation}) says."
    return replace(picture, levels=levels, notes=(*picture.notes, said))
