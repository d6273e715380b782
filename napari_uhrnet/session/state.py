"""What the user asks for and what is running: the one state that panels show and change."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import is_
from typing import TYPE_CHECKING, ClassVar, Literal

from psygnal import SignalGroupDescriptor

from napari_uhrnet.geometry.mapping import restyled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.base.checkpoint import Card
    from napari_uhrnet.scene.base import Scene

Region = Literal["visible", "scene", "rectangle"]
Phase = Literal["idle", "loading", "running", "asking", "cancelling", "failed"]

BUSY: frozenset[Phase] = frozenset({"loading", "running", "cancelling"})
"""Phases in which a worker is busy."""


@dataclass(frozen=True)
class Intent:
    """What is asked for, frozen at one moment. Windows are level-0 pixels of the scene."""

    scene: Scene | None = None
    pixel_size_m: float | None = None
    region: Region = "visible"
    rectangle: Window | None = None
    view: Window | None = None


@dataclass(frozen=True)
class RunStatus:
    """How far the run is.

    ``message`` is a sentence for the panel, ``note`` a lasting remark. With ``asks``, it waits for
    a Go: in the phase "asking", and before that while the coarse prediction is being computed.
    """

    phase: Phase = "idle"
    patches_done: int = 0
    patches_total: int = 0
    seconds_left: float | None = None
    message: str = ""
    note: str = ""
    asks: bool = False

    @property
    def busy(self) -> bool:
        """Whether a worker is busy."""
        return self.phase in BUSY


@dataclass
class SessionState:
    """Evented: ``state.events.<field>`` fires when a field gets a different value.

    Belongs to the main thread. ``pixel_size_m`` is what the user typed, None to take the scene's
    own; ``view`` is what is on screen (level-0 pixels, inside the scene), None when nothing is;
    ``card`` is the chosen model's, None where ``model_problem`` is the reason; ``areas_px`` counts
    the segmented pixels by class id; ``hidden`` are the ids not shown; ``uncertainty`` names
    the measure of uncertainty that is shown; ``project_classes`` are those of the open project,
    in whose colours the prediction is shown.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor(
        equality_operators={"scene": is_}
    )

    scene: Scene | None = None
    pixel_size_m: float | None = None
    model: str = ""
    device: str = "auto"
    region: Region = "visible"
    rectangle: Window | None = None
    view: Window | None = None
    follow_view: bool = True
    branch: str = "fused"
    opacity: float = 0.6
    hidden: frozenset[int] = frozenset()
    uncertainty: frozenset[str] = frozenset()
    status: RunStatus = field(default_factory=RunStatus)
    card: Card | None = None
    model_problem: str = ""
    branches: tuple[str, ...] = ("fused",)
    devices: tuple[str, ...] = ("auto", "cpu")
    areas_px: Mapping[int, int] = field(default_factory=dict)
    project_classes: ClassTable | None = None

    def restyled(self, classes: ClassTable) -> ClassTable:
        """Classes of a network as they are shown: as the open project names and paints them."""
        return restyled(classes, self.project_classes)

    def intent(self) -> Intent:
        """The part that decides what is computed."""
        return Intent(self.scene, self.pixel_size_m, self.region, self.rectangle, self.view)
