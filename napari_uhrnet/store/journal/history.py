"""What can be undone and redone, from the entries of a journal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from napari_uhrnet.strict_json import as_object, parse_json


@dataclass(frozen=True)
class Edit:
    """One undoable edit: what it is called, and where its changes lie in the journal."""

    kind: str
    offsets: tuple[int, ...]


@dataclass
class History:
    """Edits that were done and undone, latest last.

    ``parts`` are the changes of an edit that is not complete, ``unapplied`` what the store may
    lack: an edit, and whether it was done (or undone).
    """

    done: list[Edit] = field(default_factory=list)
    undone: list[Edit] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    unapplied: list[tuple[Edit, bool]] = field(default_factory=list)

    def take(self, offset: int, head: dict[str, Any]) -> None:
        """Take in the next entry of the journal; ValueError if it does not follow from those
        before.
        """
        entry, kind = head.get("entry"), head.get("kind")
        if entry in ("part", "change", "end") and not isinstance(kind, str):
            raise ValueError(f"an entry {entry!r} of no kind")
        if entry == "part":
            self.parts.append(offset)
        elif entry == "change":
            self._do(Edit(head["kind"], (offset,)))
        elif entry == "end":
            if not self.parts:
                raise ValueError("the end of an edit without parts")
            self._do(Edit(head["kind"], tuple(self.parts)))
            self.parts = []
        elif entry == "undo":
            if not self.done:
                raise ValueError("an undo of nothing")
            self.undone.append(self.done.pop())
            self.unapplied.append((self.undone[-1], False))
        elif entry == "redo":
            if not self.undone:
                raise ValueError("a redo of nothing")
            self.done.append(self.undone.pop())
            self.unapplied.append((self.done[-1], True))
        elif entry == "stored":
            self.unapplied = []
        else:
            raise ValueError(f"an entry {repr(entry)[:40]}, which there is not")

    def _do(self, edit: Edit) -> None:
        self.done.append(edit)
        self.undone = []
        self.unapplied.append((edit, True))


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    """An entry of the journal: a line of JSON and what else belongs to it."""
    return json.dumps(head).encode() + b"\n" + body


def unpack(payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Head and body of an entry; ValueError if it is none."""
    line, _, body = payload.partition(b"\n")
    return as_object(parse_json(line)), body
