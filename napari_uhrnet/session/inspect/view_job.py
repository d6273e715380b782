"""Jobs about what is in view, by the chosen network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_uhrnet.session.inspect import words
from napari_uhrnet.session.panel_job import JobStatus, PanelJob
from napari_uhrnet.session.plan import Refusal, pixel_size

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.engine import Engine
    from napari_uhrnet.session.model_pool import ModelPool
    from napari_uhrnet.session.runner import Runner
    from napari_uhrnet.session.state import SessionState


@dataclass(frozen=True)
class Wanted:
    """What is asked for: the frame around a level-0 pixel. ``pixel_size_m`` None: not known."""

    scene: Scene
    pixel_size_m: float | None
    model: str
    device: str
    centre_yx: tuple[int, int]


class ViewJob(PanelJob):
    """Takes its network from the pool, so that it is loaded once for all tools."""

    found = Signal(object)
    """What was computed."""

    def __init__(
        self, state: SessionState, runner: Runner, engine: Engine, models: ModelPool
    ) -> None:
        super().__init__(runner)
        self._state, self._engine, self._models = state, engine, models

    def _begin(
        self,
        steps: Callable[[Wanted], Generator[Any, None, None]],
        take: Callable[[Any], None],
        message: str,
    ) -> None:
        """Run steps for what the state asks for, or show why there is nothing to compute.

        ``take`` gets what they yield; ``message`` is shown until they yield something.
        """
        wanted = wanted_of(self._state)
        if isinstance(wanted, Refusal):
            self._set(JobStatus(message=wanted.sentence))
            return
        self._set(JobStatus(True, 0.0, message))
        self._start(lambda: steps(wanted), take)


def wanted_of(state: SessionState) -> Wanted | Refusal:
    """What the state asks for now, or why there is nothing to show."""
    intent, card, view = state.intent(), state.card, state.view
    if intent.scene is None:
        return Refusal(words.OPEN_IMAGE)
    if state.model_problem or card is None:
        return Refusal(state.model_problem or words.CHOOSE_MODEL)
    if not view:
        return Refusal(words.NOT_IN_VIEW)
    size = pixel_size(intent, card.pixel_size_m)
    if isinstance(size, Refusal):
        return size
    metres = None if size.assumed else size.metres
    return Wanted(intent.scene, metres, state.model, state.device, _middle(view))


def _middle(window: Window) -> tuple[int, int]:
    return window.y + window.height // 2, window.x + window.width // 2
