"""Masks of any of the usual kinds as class ids, read window by window."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from napari_uhrnet.datasets.truth_codes import (
    HALF,
    ColourCode,
    Decoded,
    ValueCode,
    colour_texts,
    is_drawn,
    is_grey,
)
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.scene.open import open_stored
from napari_uhrnet.scene.picture.blocks import level_blocks
from napari_uhrnet.scene.places import Grid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.datasets.truth_codes import Code
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.picture.picture import Picture

_SURVEYED_PX = 1 << 26
"""Up to this size all of a mask is looked at to find its kind, else evenly spread parts of it."""
_TOP_COLOURS = 16
_NAMED = 3
STRAY_SHARE = 0.01
"""Masks in colours may hold this share of pixels whose colour is no class's, as Dubai's do."""


@dataclass(frozen=True)
class Counted:
    """``ids`` (h, w) uint8, and how many pixels of the window are not as the class table has them.

    ``stray``: the commonest colours (or values) that name no class, with their pixels; they are
    255 in ``ids``. ``inexact``: those that were rounded to a class. The ``_px`` count all of them.
    """

    ids: NDArray[np.uint8]
    stray_px: int
    inexact_px: int
    stray: dict[str, int]
    inexact: dict[str, int]


class Truth:
    """A mask as ids of a class table; a context manager.

    ``kind`` is how the file encodes classes: "colours", "palette", "ids", "binary" or "labelIds".
    """

    def __init__(self, path: Path, picture: Picture, kind: str, code: Code) -> None:
        self.path = path
        self.kind = kind
        self.shape_yx: tuple[int, int] = picture.levels[0].shape[:2]
        self._picture, self._code = picture, code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def grid(self) -> Grid:
        """Its pixels, and where they lie."""
        return Grid.of(str(self.path), self._picture)

    def close(self) -> None:
        """Release the file."""
        self._picture.close()

    def read(self, window: Window) -> NDArray[np.uint8]:
        """(h, w) uint8 ids of a window inside the mask; 255 = no class there.

        Raises UserError where the file is damaged.
        """
        return self._decoded(window)[1].ids

    def read_counted(self, window: Window) -> Counted:
        """The same, with a count of what the class table does not have."""
        bands, decoded = self._decoded(window)
        return Counted(
            decoded.ids,
            int(np.count_nonzero(decoded.stray)),
            int(np.count_nonzero(decoded.inexact)),
            self._commonest(bands[decoded.stray]),
            self._commonest(bands[decoded.inexact]),
        )

    def _decoded(self, window: Window) -> tuple[NDArray[Any], Decoded]:
        """The bands that encode classes, decoded; pixels without data are not stray."""
        with _naming(self.path):
            raw = self._picture.levels[0].read(window)
        bands, meaning = _colours(self._picture, raw), self._picture.bands
        decoded, valid = self._code.decode(bands), meaning.valid(raw)
        ids = decoded.ids
        if meaning.alpha is not None:
            ids = np.where(raw[..., meaning.alpha] > 0, ids, np.uint8(NOTHING))
        return bands, Decoded(ids, decoded.stray & valid, decoded.inexact & valid)

    def _commonest(self, pixels: NDArray[Any]) -> dict[str, int]:
        """(n, bands) pixels by colour, the commonest few."""
        palette = self._picture.palette
        shown = pixels if palette is None else palette(pixels)
        found = sorted(colour_texts(shown).items(), key=lambda item: -item[1])
        return dict(found[:_TOP_COLOURS])

    def blocks(self) -> Iterator[Window]:
        """Windows that cover the mask, from the top, of a size that is cheap to read."""
        return level_blocks(self._picture.levels[0])


class Strays:
    """Counts the pixels of a mask that have no class, part after part."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._px, self._named = 0, Counter[str]()

    def add(self, part: Counted) -> None:
        """Count a part."""
        self._px += part.stray_px
        self._named.update(part.stray)

    def check(self, classes: ClassTable) -> None:
        """UserError if a class outside of the table was found; few stray colours are no class."""
        truth = self._truth
        if truth.kind == "binary":
            return  # what is neither of the two classes is unknown
        allowed = STRAY_SHARE if truth.kind == "colours" else 0.0
        if self._px > allowed * truth.shape_yx[0] * truth.shape_yx[1]:
            [(worst, _)] = self._named.most_common(1)
            raise UserError(
                f"{truth.path}: {worst} is no class of the table {classes.name!r} "
                f"({self._px} pixels have none): choose the right table"
            )

    def notes(self) -> list[str]:
        """What was counted, as a sentence; empty if every pixel has a class or no data."""
        if not self._px:
            return []
        top = ", ".join(f"{name}: {n} px" for name, n in self._named.most_common(_NAMED))
        return [f"{self._px} px of {self._truth.path.name} are unknown ({top}): they have no class"]


def open_truth(path: Path, classes: ClassTable) -> Truth:
    """Open a mask; how it encodes classes is detected from its content.

    RGB in the table's colours, a palette whose colours or indices are the table's (see
    `ValueCode.of_palette`), a single channel of ids, or 0 and 255 (or 0 and 1) for a table of two
    classes, where a third value is unknown. Cityscapes' raw labelIds become train ids. Raises
    UserError for a file that cannot be read or is no mask.
    """
    with _naming(path):
        picture = open_stored(path)
        try:
            kind, code = _code(path, picture, classes)
        except BaseException:
            picture.close()
            raise
    return Truth(path, picture, kind, code)


def _code(path: Path, picture: Picture, classes: ClassTable) -> tuple[str, Code]:
    level = picture.levels[0]
    if level.dtype.kind not in "ui":
        raise UserError(
            f"{path}: a mask of {level.dtype} values holds no classes; save it with 8-bit ids."
        )
    if picture.palette is not None and not is_grey(picture.palette):
        return "palette", ValueCode.of_palette(picture.palette, classes, _values(picture))
    if picture.bands.rgb == (0, 0, 0):
        return _of_values(path, picture, classes)
    if level.dtype != np.uint8:
        raise UserError(f"{path}: colours of {level.dtype} are not read; save it as 8-bit RGB.")
    colours = ColourCode(classes)
    greys = _greys(picture)
    known = {*classes.ids.tolist(), NOTHING}
    if not greys or colours.holds(v * 0x10101 for v in greys):
        return "colours", colours
    if greys <= known or len(classes.classes) == 2:
        return _of_values(path, picture, classes)
    return "colours", colours


def _of_values(path: Path, picture: Picture, classes: ClassTable) -> tuple[str, Code]:
    if classes.name == "cityscapes" and _holds_raw_labels(path, picture):
        return "labelIds", ValueCode.of_cityscapes_labels(classes)
    if len(classes.classes) == 2:
        values = _values(picture)
        if _is_binary(values, int(classes.ids[1])):
            return "binary", ValueCode.of_binary(classes, values)
    return "ids", ValueCode.of_ids(classes)


def _holds_raw_labels(path: Path, picture: Picture) -> bool:
    """By the name of the file where it is clear, else by values that no train id has."""
    name = path.stem.lower()
    if name.endswith("labeltrainids"):
        return False
    return name.endswith("labelids") or bool(_values(picture) & set(range(19, 34)))


def _is_binary(values: set[int], second: int) -> bool:
    """Whether 255 is the second class and not "nothing": no pixel has the second id."""
    if is_drawn(values):
        return 255 in values and second not in values
    return any(HALF <= v <= 255 for v in values)


def _values(picture: Picture) -> set[int]:
    """The values 0..255 that occur in the first band."""
    seen = np.zeros(256, np.bool_)
    for raw in _survey(picture):
        band = raw[..., 0]
        seen[band[(band >= 0) & (band <= 255)]] = True
    return set(np.flatnonzero(seen).tolist())


def _greys(picture: Picture) -> set[int]:
    """The values of a picture that holds nothing but greys; empty if it has a colour."""
    seen = np.zeros(256, np.bool_)
    for raw in _survey(picture):
        rgb = raw[..., list(picture.bands.rgb)]
        if (rgb != rgb[..., :1]).any():
            return set()
        seen[rgb[..., 0]] = True
    return set(np.flatnonzero(seen).tolist())


def _survey(picture: Picture) -> Iterator[NDArray[Any]]:
    """Raw blocks of the whole picture, or of evenly spread parts of a large one."""
    level = picture.levels[0]
    step = -(-level.shape[0] * level.shape[1] // _SURVEYED_PX)
    for number, window in enumerate(level_blocks(level)):
        if number % step == 0:
            yield level.read(window)


def _colours(picture: Picture, raw: NDArray[Any]) -> NDArray[Any]:
    """The bands that name classes: red, green and blue, or the only one."""
    wanted = picture.bands.rgb
    return raw[..., :1] if wanted == (0, 0, 0) else raw[..., list(wanted)]


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Sentences of the readers with the whole path, since masks of many folders are alike."""
    try:
        yield
    except UserError as error:
        text = str(error)
        if text.startswith(str(path)):
            raise
        raise UserError(f"{path}: {text.removeprefix(f'{path.name}: ')}") from error
