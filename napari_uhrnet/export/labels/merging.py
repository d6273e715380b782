"""Classes of one table written as those of another: kept, merged or left out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING, ClassTable, LabelClass
from napari_uhrnet.geometry.mapping import ClassMapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True)
class WrittenAs:
    """What a class is called in an export; "" leaves it out. ``id`` None: that of a class."""

    name: str
    id: int | None = None


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

    @classmethod
    def renamed(cls, source: ClassTable, written: Mapping[str, WrittenAs]) -> Merging:
        """Classes are written under other names; those of one name become one class.

        A class that is not mentioned keeps its name. A written class has the colour and, unless
        one is given, the id of the source's class of its name, else of the first that goes there.
        Raises UserError for names that the source does not have, and for ids that clash.
        """
        strange = set(written) - set(source.names.values())
        if strange:
            raise UserError(
                f"{', '.join(sorted(strange))}: the project has no such class, only "
                f"{', '.join(source.names.values())}"
            )
        wanted = {c.name: written.get(c.name, WrittenAs(c.name)) for c in source.classes}
        made: dict[str, LabelClass] = {}
        for name in [w.name for w in wanted.values() if w.name]:
            made[name] = _written_class(source, wanted, name)
        ids = [c.id for c in made.values()]
        if not ids or len(set(ids)) < len(ids) or not all(0 <= i < NOTHING for i in ids):
            raise UserError(
                f"the export would have classes of ids {sorted(ids)}: give each its own, 0 to "
                f"{NOTHING - 1}, and keep one class at least"
            )
        target = ClassTable(source.name, tuple(sorted(made.values(), key=lambda c: c.id)))
        pairs = ((c.id, wanted[c.name].name) for c in source.classes)
        return cls(
            source, target, tuple((i, made[name].id if name else NOTHING) for i, name in pairs)
        )

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


def _written_class(source: ClassTable, wanted: Mapping[str, WrittenAs], name: str) -> LabelClass:
    """The class of a name that some of the source's classes are written as."""
    members = [c for c in source.classes if wanted[c.name].name == name]
    first = next((c for c in source.classes if c.name == name), members[0])
    given = {i for c in members if (i := wanted[c.name].id) is not None}
    if len(given) > 1:
        raise UserError(f"{name}: classes that become one need one id, not {sorted(given)}")
    class_id = given.pop() if given else first.id
    return LabelClass(class_id, name, first.rgb, all(c.ignore for c in members))
