"""Classes of one table written as those of another: kept, merged or left out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.mapping import ClassMapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable


@dataclass(frozen=True)
class Merging:
    """From the ids of ``source`` to those of ``target``.

    ``ids`` holds a pair (from, to) for every class of the source; "to" may be 255: left out.
    Raises UserError for a class without a pair and for ids that the tables don't have.
    """

    source: ClassTable
    target: ClassTable
    ids: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        pairs = dict(self.ids)
        for i, name in self.source.names.items():
            if i not in pairs:
                raise UserError(
                    f"class {name!r} of {self.source.name!r} has no counterpart in "
                    f"{self.target.name!r}: map it to one of its classes, or to {NOTHING} to "
                    "leave it out"
                )
        strange = set(pairs) - set(self.source.names)
        strange |= set(pairs.values()) - set(self.target.names) - {NOTHING}
        if strange:
            raise UserError(
                f"the mapping from {self.source.name!r} to {self.target.name!r} names ids that "
                f"they do not have ({sorted(strange)}): correct it"
            )

    @classmethod
    def of(
        cls,
        source: ClassTable,
        target: ClassTable | None = None,
        ids: Mapping[int, int] | None = None,
    ) -> Merging:
        """Classes go where ``ids`` says, the others to the class of the same name."""
        by_name = ClassMapping(source, source if target is None else target)
        pairs = {i: int(by_name.lut[i]) for i in source.names if by_name.lut[i] != NOTHING}
        return cls(source, by_name.target, tuple(sorted((pairs | dict(ids or {})).items())))

    @cached_property
    def _lut(self) -> NDArray[np.uint8]:
        lut = np.full(256, NOTHING, np.uint8)
        for source, target in self.ids:
            lut[source] = target
        return lut

    def apply(self, ids: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The ids of the target; 255 stays, and what is no class of the source becomes it."""
        merged: NDArray[np.uint8] = self._lut[ids]
        return merged
