"""What a person who corrects wants and what is going on: what the panel shows and changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from psygnal import SignalGroupDescriptor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_uhrnet.geometry.classes import ClassTable

Tool = Literal["move", "paint", "erase", "fill", "pick", "superpixel", "polygon", "other"]

PAINTING: frozenset[Tool] = frozenset({"paint", "erase", "fill", "pick", "superpixel"})
"""Tools that need pixels large enough to be painted; "other" is one of the viewer's own."""


@dataclass
class CorrectState:
    """Evented, of the main thread, like `SessionState`.

    ``active`` tells whether a scene is being corrected, in ``classes``, into the project in
    ``folder``. ``can_paint`` is false where the view shows too much, and while ``comparing``:
    results are shown side by side or swiped instead of what is corrected. ``message`` says what
    went wrong. ``undoable`` and ``redoable`` name the next edits, "" if there is none.
    ``progress`` is the share of a large edit that is done, None if none is running.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    active: bool = False
    classes: ClassTable | None = None
    folder: str = ""
    tool: Tool = "paint"
    class_id: int = 0
    brush_px: int = 16
    superpixel_px: int = 24
    protected: frozenset[int] = frozenset()
    can_paint: bool = False
    comparing: bool = False
    has_polygon: bool = False
    message: str = ""
    undoable: str = ""
    redoable: str = ""
    progress: float | None = None
    labelled_px: Mapping[int, int] = field(default_factory=dict)
    reviewed_px: Mapping[int, int] = field(default_factory=dict)
    scene_px: int = 0
