"""How the pixels of a mask name classes: by value, by an index into a palette, or by colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.scene.picture.colour import Palette

HALF = 128
"""From here on a channel counts as full."""
_ROUNDED = 63
"""So far from 0 or 255 the values of compressed binary masks count as these (JPEG stays nearer)."""
_DRAWN = 3
"""Up to so many values beside 0 and 255 are not the noise of compression."""

_CITYSCAPES_RAW = (7, 8, 11, 12, 13, 17, *range(19, 29), 31, 32, 33)
"""The labelIds that have a train id, in the order of the train ids."""
_CITYSCAPES_LAST = 33


@dataclass(frozen=True)
class Decoded:
    """``ids`` (h, w) uint8 of the class table, 255 = none; (h, w) bool ``stray`` and ``inexact``.

    ``stray``: neither a class nor "no data". ``inexact``: has a class only
    after rounding, as in masks that were compressed.
    """

    ids: NDArray[np.uint8]
    stray: NDArray[np.bool_]
    inexact: NDArray[np.bool_]


class Code(Protocol):
    """From the bands of a mask, without alpha, to ids."""

    def decode(self, bands: NDArray[Any]) -> Decoded:
        """Pixels (h, w, bands) as stored."""


@dataclass(frozen=True)
class ValueCode:
    """A table by value: ``ids`` (n,) uint8, ``stray`` and ``inexact`` (n,) bool."""

    ids: NDArray[np.uint8]
    stray: NDArray[np.bool_]
    inexact: NDArray[np.bool_]

    def decode(self, bands: NDArray[Any]) -> Decoded:
        """The first band counts; values beyond the table are stray."""
        values, last = bands[..., 0], len(self.ids) - 1
        beyond = (values < 0) | (values > last)
        index = np.where(beyond, 0, values).astype(np.intp)
        ids = np.where(beyond, np.uint8(NOTHING), self.ids[index])
        return Decoded(ids, self.stray[index] | beyond, self.inexact[index] & ~beyond)

    @classmethod
    def of_ids(cls, classes: ClassTable) -> Self:
        """Values are ids; 255 is "nothing here"."""
        return cls._of(dict(zip(classes.ids, classes.ids, strict=True)))

    @classmethod
    def of_cityscapes_labels(cls, classes: ClassTable) -> Self:
        """Values are Cityscapes' labelIds; those without a train id are known but have no class."""
        known = dict.fromkeys(range(_CITYSCAPES_LAST + 1), NOTHING)
        kept = zip(_CITYSCAPES_RAW, classes.ids, strict=True)
        return cls._of(known | {raw: int(k) for raw, k in kept})

    @classmethod
    def of_binary(cls, classes: ClassTable, values: set[int]) -> Self:
        """0 is the first of two classes, 255 the second.

        ``values`` are those that occur. A few others, such as 127 for "ignore", are unknown. Many
        others come from compression: the nearer end counts, but in the middle they are unknown.
        """
        every = np.arange(256)
        reach = 0 if is_drawn(values) else _ROUNDED
        first, second = every <= reach, every >= 255 - reach
        ids = np.full(256, NOTHING, np.uint8)
        ids[first], ids[second] = classes.ids[0], classes.ids[1]
        return cls(ids, ~(first | second), (first | second) & (every > 0) & (every < 255))

    @classmethod
    def of_palette(cls, palette: Palette, classes: ClassTable, used: set[int]) -> Self:
        """Indices by their colours, or by their values where no colour but black is a class's.

        ``used`` are the indices that occur. A colour counts only if it is exactly a class's; what
        is neither is stray.
        """
        colours = palette.table[:, :3]
        if _is_of_table(colours, classes):
            return cls.of_ids(classes)
        known = {c.rgb: c.id for c in reversed(classes.classes)}
        of_entry = [known.get(tuple(rgb)) for rgb in colours.tolist()]
        found = {k for k in used if k < len(of_entry) and of_entry[k] is not None}
        black = {k for k in found if not colours[k].any()}
        has_all = set(known.values()) <= set(of_entry)
        if found == black and not has_all and used - {NOTHING} <= set(classes.ids.tolist()):
            return cls.of_ids(classes)
        code = cls._of({k: v for k, v in enumerate(of_entry) if v is not None})
        if palette.table.shape[1] == 4:
            code.stray[: len(colours)] &= palette.table[:, 3] > 0
        return code

    @classmethod
    def _of(cls, ids_of: dict[Any, Any]) -> Self:
        ids = np.full(256, NOTHING, np.uint8)
        stray = np.ones(256, np.bool_)
        stray[NOTHING] = False
        for value, k in ids_of.items():
            ids[value], stray[value] = k, False
        return cls(ids, stray, np.zeros(256, np.bool_))


def is_drawn(values: set[int]) -> bool:
    """Whether values of a binary mask were drawn as they are, and not changed by compression."""
    return len(values - {0, 255}) <= _DRAWN


def is_grey(palette: Palette) -> bool:
    """Whether each of the entries is the grey of its own index."""
    colours = palette.table[:, :3]
    return len(colours) > 2 and bool((np.arange(len(colours))[:, None] == colours).all())


def _is_of_table(colours: NDArray[np.uint8], classes: ClassTable) -> bool:
    """Whether each entry is its class's."""
    return all(c.id < len(colours) and tuple(colours[c.id]) == c.rgb for c in classes.classes)


class ColourCode:
    """RGB in the colours of a class table.

    Where all of these are 0 or 255 per channel (DeepGlobe), channels are binarised at 128, since
    some of the published masks were compressed.
    """

    def __init__(self, classes: ClassTable) -> None:
        colours = np.array([c.rgb for c in classes.classes], np.uint8)
        self._binary = bool(_full_or_none(colours).all())
        keys = _keys(colours)
        self._known, first = np.unique(keys, return_index=True)
        self._ids = classes.ids[first]

    def decode(self, bands: NDArray[Any]) -> Decoded:
        """(h, w, 3 or more) uint8."""
        rgb = bands[..., :3]
        inexact = np.zeros(rgb.shape[:2], np.bool_)
        if self._binary:
            inexact = ~_full_or_none(rgb)
            rgb = np.where(rgb < HALF, np.uint8(0), np.uint8(255))
        keys = _keys(rgb)
        place = np.minimum(np.searchsorted(self._known, keys), len(self._known) - 1)
        stray = self._known[place] != keys
        ids = np.where(stray, np.uint8(NOTHING), self._ids[place])
        return Decoded(ids, stray, inexact & ~stray)

    def holds(self, colours: Iterable[int]) -> bool:
        """Whether all of these packed colours (red * 65536 + green * 256 + blue) are known."""
        return bool(np.isin(list(colours), self._known).all())


def _full_or_none(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    exact: NDArray[np.bool_] = ((rgb == 0) | (rgb == 255)).all(axis=-1)
    return exact


def _keys(rgb: NDArray[np.uint8]) -> NDArray[np.int32]:
    wide = rgb.astype(np.int32)
    keys: NDArray[np.int32] = (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]
    return keys


def colour_texts(bands: NDArray[Any]) -> dict[str, int]:
    """How often each of (n, bands) pixels occurs: "#RRGGBB", or "value 17" for a single band."""
    if bands.shape[1] < 3:
        values, counts = np.unique(bands[:, 0], return_counts=True)
        names = [f"value {v}" for v in values]
    else:
        values, counts = np.unique(_keys(bands), return_counts=True)
        names = [f"#{v:06X}" for v in values]
    return dict(zip(names, counts.tolist(), strict=True))
