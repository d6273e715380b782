"""State of correcting: what the correct panel shows and changes."""

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

    ``active``: a scene is being corrected, with ``classes``, in the project in ``folder``.
    ``can_paint`` is false where the view shows too much, and while ``comparing``: results are shown
    side by side or swiped instead of the corrections. ``message`` is the last error or result as a
    sentence. ``undoable`` and ``redoable`` name the next edits, "" if there is none. ``progress``
    is the share of a large edit that is done, None if none is running. ``unsaved`` says why
    what was painted could not be saved, "" if it was; until it is, or is discarded, the painted
    window stays where it is.
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
    unsaved: str = ""
    undoable: str = ""
    redoable: str = ""
    progress: float | None = None
    labelled_px: Mapping[int, int] = field(default_factory=dict)
    reviewed_px: Mapping[int, int] = field(default_factory=dict)
    scene_px: int = 0
