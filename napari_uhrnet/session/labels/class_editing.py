"""Edit a project's classes: as a draft first, then applied to all of its corrections."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING, ClassTable, LabelClass
from napari_uhrnet.geometry.mapping import ClassMapping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_uhrnet.session.project.project import Project

Usage = dict[int, int]


@dataclass(frozen=True)
class Draft:
    """The wanted classes. Ids are stable; the id of a removed class is not used again.

    Parameters
    ----------
    table
        The classes now.
    used_px
        Pixels of the project's corrections by class id.
    retired
        Ids that classes had in the past.
    merged
        (from, to): classes that become one.
    """

    table: ClassTable
    used_px: Mapping[int, int]
    retired: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int], ...] = ()

    def rename(self, class_id: int, name: str) -> Draft:
        """Another name; networks that use the old name still match."""
        old, name = self._class(class_id), name.strip()
        if not name:
            raise UserError(f"{old.name}: a class needs a name")
        if name == old.name:
            return self
        aliases = tuple(dict.fromkeys(a for a in (*old.aliases, old.name) if a != name))
        return self._put(replace(old, name=name, aliases=aliases))

    def recolour(self, class_id: int, rgb: tuple[int, int, int]) -> Draft:
        """Another colour."""
        return self._put(replace(self._class(class_id), rgb=rgb))

    def set_other_names(self, class_id: int, names: str) -> Draft:
        """Other names of the class in networks and files, separated by commas."""
        aliases = tuple(dict.fromkeys(n.strip() for n in names.split(",") if n.strip()))
        return self._put(replace(self._class(class_id), aliases=aliases))

    def add(self, name: str, rgb: tuple[int, int, int]) -> Draft:
        """One more class, with an unused id."""
        return self._put(LabelClass(self._fresh_id(), name, rgb))

    def remove(self, class_id: int) -> Draft:
        """Remove a class; UserError if it has pixels (merge it instead)."""
        old = self._class(class_id)
        if px := self.used_px.get(class_id, 0):
            raise UserError(
                f"{old.name}: {px} pixels are corrected to this class: merge it into another one"
            )
        return self._without(old)

    def merge(self, class_id: int, into: int) -> Draft:
        """Merge one class into another, which also gets its names."""
        old, kept = self._class(class_id), self._class(into)
        if class_id == into:
            raise UserError(f"{old.name}: choose another class to merge it into")
        aliases = tuple(dict.fromkeys((*kept.aliases, old.name, *old.aliases)))
        used = dict(self.used_px)
        used[into] = used.get(into, 0) + used.pop(class_id, 0)
        draft = self._without(old)._put(replace(kept, aliases=aliases))
        return replace(draft, used_px=used, merged=(*self.merged, (class_id, into)))

    def load(self, table: ClassTable) -> Draft:
        """The classes of another table. Classes with matching names keep their ids.

        Classes that are not in it are removed, unless they have pixels. If none has any, the
        table is used unchanged.
        """
        if not any(self.used_px.values()):
            return self._with(table)
        ids = ClassMapping(table, self.table).lut
        draft = self._with(self.table)
        for c in table.classes:
            class_id = int(ids[c.id])
            if class_id == NOTHING:
                draft = draft.add(c.name, c.rgb)
                class_id = draft.table.classes[-1].id
            old = draft._class(class_id)
            aliases = tuple(dict.fromkeys((*old.aliases, *c.aliases)))
            draft = draft._put(replace(old, rgb=c.rgb, ignore=c.ignore, aliases=aliases))
        wanted = {int(ids[c.id]) for c in table.classes}
        for c in self.table.classes:
            if c.id not in wanted and not self.used_px.get(c.id):
                draft = draft._without(c)
        return draft

    def loses_undo(self, before: ClassTable) -> bool:
        """Whether earlier edits can't be undone once this is applied."""
        names = {c.id: (c.name, *c.aliases) for c in self.table.classes}
        return any(c.name not in names.get(c.id, ()) for c in before.classes)

    def _class(self, class_id: int) -> LabelClass:
        return next(c for c in self.table.classes if c.id == class_id)

    def _fresh_id(self) -> int:
        taken = self.retired | set(self.table.names) | {pair[0] for pair in self.merged}
        free = sorted(set(range(NOTHING)) - taken)
        if not free:
            raise UserError(f"a project has at most {NOTHING} classes in its life: make a new one")
        return next((i for i in free if i > max(taken)), free[0])

    def _put(self, entry: LabelClass) -> Draft:
        others = [c for c in self.table.classes if c.id != entry.id]
        return self._with(_table(self.table.name, [*others, entry]))

    def _without(self, entry: LabelClass) -> Draft:
        others = [c for c in self.table.classes if c.id != entry.id]
        if not others:
            raise UserError(f"{entry.name}: a project has one class at least")
        return self._with(_table(self.table.name, others))

    def _with(self, table: ClassTable) -> Draft:
        retired = self.retired | frozenset(self.table.names) - frozenset(table.names)
        return replace(self, table=table, retired=retired)


def draft_of(project: Project) -> Draft:
    """The classes as they are, to be edited."""
    return Draft(project.classes, dict(project.labelled_px()), project.retired)


def apply_draft(
    project: Project, draft: Draft, progress: Callable[[float], None] | None = None
) -> None:
    """Apply the classes of a draft to the project's file and to all of its corrections.

    The file changes first; after a crash, corrections follow when they are opened. A
    merge takes a while and cannot be undone. Raises UserError, before anything has changed, if
    another program corrects one of the scenes, or a removed class has pixels by now.
    """
    with ExitStack() as cleanup:
        stores = []
        for entry in project.corrected():
            stores.append(cleanup.enter_context(project.annotations(entry)))
            stores[-1].claim()
        gone = set(project.classes.names) - set(draft.table.names)
        gone -= {pair[0] for pair in draft.merged}
        if gone & {i for store in stores for i in store.counts().labelled_px}:
            raise UserError("a class that is to go has pixels by now: open the classes again")
        project.set_classes(draft.table, draft.merged)
    entries = project.corrected()
    for k, entry in enumerate(entries, 1):
        project.annotations(entry).close()
        if progress is not None:
            progress(k / len(entries))


def _table(name: str, classes: list[LabelClass]) -> ClassTable:
    return ClassTable(name, tuple(sorted(classes, key=lambda c: c.id)))
