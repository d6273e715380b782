"""From the class ids of one table to those of another: the one place where ids are translated."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING, ClassTable

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassMapping:
    """Classes of equal names belong together; a class without a namesake becomes 255.

    Where no name fits, aliases do: the target's first, then the source's. So several classes of a
    source may become one of the target, never the other way round.
    """

    source: ClassTable
    target: ClassTable

    @cached_property
    def lut(self) -> NDArray[np.uint8]:
        """(256,) uint8: the target's id, or 255, of each id of the source; read-only."""
        ids = {alias: c.id for c in self.target.classes for alias in c.aliases}
        ids |= {c.name: c.id for c in self.target.classes}
        lut = np.full(256, NOTHING, np.uint8)
        for c in self.source.classes:
            lut[c.id] = next((ids[n] for n in (c.name, *c.aliases) if n in ids), NOTHING)
        lut.flags.writeable = False
        return lut

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Names of the source's classes that the target does not have."""
        return tuple(c.name for c in self.source.classes if self.lut[c.id] == NOTHING)

    def apply(self, ids: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Ids of the source, in an array of any shape, as ids of the target; 255 stays 255."""
        translated: NDArray[np.uint8] = self.lut[ids]
        return translated


def restyled(source: ClassTable, target: ClassTable | None) -> ClassTable:
    """The source's ids in the colours of the target's classes that they belong to.

    Also in their names, where only one of the source belongs to one of the target. A class
    without a counterpart stays as it is; so do all if there is no target.
    """
    if target is None:
        return source
    lut = ClassMapping(source, target).lut
    known = {c.id: c for c in target.classes}
    wanted = {c.id: known.get(int(lut[c.id])) for c in source.classes}
    often = Counter(t.name for t in wanted.values() if t) + Counter(source.names.values())
    classes = []
    for c in source.classes:
        t = wanted[c.id]
        if t is None:
            classes.append(c)
        else:
            alone = often[t.name] == 1 or (often[t.name] == 2 and t.name == c.name)
            classes.append(replace(c, rgb=t.rgb, name=t.name if alone else c.name))
    return ClassTable(source.name, tuple(classes))
