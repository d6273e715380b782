"""What a reader finds in a file: levels, what their bands mean, where on the ground they lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.scene.picture.fingerprint import fingerprint
from napari_uhrnet.scene.picture.stretch import Stretch, measure_stretch, stretch_note

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uhrnet.geometry.transform import Transform
    from napari_uhrnet.scene.picture.bands import Bands
    from napari_uhrnet.scene.picture.colour import Palette
    from napari_uhrnet.scene.picture.level import Level


@dataclass(frozen=True)
class Georeference:
    """Where the pixels lie: all None if that is unknown."""

    crs: str | None = None
    transform: Transform | None = None
    pixel_size_m: float | None = None
    notes: tuple[str, ...] = ()
    """What of it was guessed or left out, in sentences."""


NOWHERE = Georeference()


def _nothing_to_close() -> None:
    pass


@dataclass(frozen=True)
class Picture:
    """Levels of one picture, finest first, and what is known about them."""

    format: str
    levels: tuple[Level, ...]
    bands: Bands
    georeference: Georeference = NOWHERE
    close: Callable[[], None] = _nothing_to_close
    rows_only: bool = False
    """Whether the file must be decoded from the top to reach a row (PNG, one huge strip)."""
    derived: int = 0
    """How many of the last levels are computed from the ones before whenever they are read."""
    palette: Palette | None = None
    """Colours of the values, where a picture with a palette was opened as indices."""
    notes: tuple[str, ...] = ()
    """What the reader guessed or left out: sentences without the name of the file."""

    @property
    def all_notes(self) -> tuple[str, ...]:
        """All of the reader's notes, and one on the stretch where there is one; nothing is read."""
        dtype = self.levels[0].dtype
        stretched = () if dtype == np.uint8 else (stretch_note(dtype.name),)
        named = () if self.bands.note is None else (self.bands.note,)
        return *self.notes, *self.georeference.notes, *named, *stretched

    @cached_property
    def stretch(self) -> Stretch | None:
        """How values become 8 bit; None for pixels that already are."""
        if self.levels[0].dtype == np.uint8:
            return None
        return measure_stretch(self.levels[-1 - self.derived], self.bands)

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest that identifies this picture, wherever its file is."""
        place = self.georeference
        return fingerprint(self.levels[0], f"{place.crs} {place.transform}")
