"""Computes the feature views of frames beside everything else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_uhrnet.session.inspect import words
from napari_uhrnet.session.latest_job import LatestJob, surface, why
from napari_uhrnet.session.libraries import load_triton_apart
from napari_uhrnet.session.plan import Refusal, pixel_size
from napari_uhrnet.session.wording import STOPPED

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_uhrnet.engine.inspect.features import FeatureView
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.engine import Engine
    from napari_uhrnet.session.model_pool import ModelPool
    from napari_uhrnet.session.runner import Runner
    from napari_uhrnet.session.state import SessionState

FEATURE_BYTES = 512 << 20
"""Two rows of patches at the paper's size, so that none is computed twice."""


@dataclass(frozen=True)
class FeatureStatus:
    """How far a view is: ``share`` in 0..1; ``message`` is a sentence for the panel."""

    busy: bool = False
    share: float = 0.0
    message: str = ""


@dataclass(frozen=True)
class Wanted:
    """What is asked for: the frame around a level-0 pixel. ``pixel_size_m`` None: not known."""

    scene: Scene
    pixel_size_m: float | None
    model: str
    device: str
    centre_yx: tuple[int, int]


@dataclass(frozen=True)
class Found:
    """The view of a frame of a scene, one of ``frames``."""

    scene: Scene
    view: FeatureView
    frames: tuple[int, int]

    @property
    def sentence(self) -> str:
        """For the panel."""
        lacks = next((b for b in ("global", "local") if b not in self.view.pictures), "")
        row, column = self.view.frame
        frame = None if self.frames == (1, 1) else (row + 1, column + 1)
        return words.features(self.view.explained, frame, lacks)


class FeatureViewer:
    """Of the main thread, with its own runner, so that a segmentation continues beside it."""

    status_changed = Signal(object)
    """A `FeatureStatus`."""
    found = Signal(object)
    """A `Found`."""

    def __init__(
        self, state: SessionState, runner: Runner, engine: Engine, models: ModelPool
    ) -> None:
        self._state, self._engine, self._models = state, engine, models
        self._job = LatestJob(runner)
        self.status = FeatureStatus()

    def show(self) -> None:
        """Compute the view of the frame in the middle of what is on screen."""
        wanted = wanted_of(self._state)
        if isinstance(wanted, Refusal):
            self._say(FeatureStatus(message=wanted.sentence))
            return
        self._say(FeatureStatus(True, 0.0, words.loading(Path(wanted.model).stem)))
        self._job.start(lambda: self._steps(wanted), self._on_result, self._on_end)

    def cancel(self) -> None:
        """Stop after the batch that is being computed."""
        self._job.cancel()

    def forget(self) -> None:
        """Another scene: what is being computed is of no use."""
        self._job.drop()
        self._say(FeatureStatus())

    def close(self) -> None:
        """Stop for good."""
        self._job.close()

    def _steps(self, wanted: Wanted) -> Generator[float | Found, None, None]:
        """In the runner's thread."""
        load_triton_apart()
        from napari_uhrnet.engine.inspect.features import FeatureView, frame_at, run_features
        from napari_uhrnet.engine.passes.state import EngineState

        model = self._models.get(wanted.model, wanted.device, self)
        yield 0.0
        layout = self._engine.layout(wanted.scene, wanted.pixel_size_m, model)
        state = EngineState(wanted.scene, layout, model, feature_bytes=FEATURE_BYTES)
        for step in run_features(state, frame_at(layout, *wanted.centre_yx)):
            if isinstance(step, FeatureView):
                yield Found(wanted.scene, step, (layout.frames.rows, layout.frames.columns))
            else:
                yield step

    def _on_result(self, result: float | Found) -> None:
        if isinstance(result, Found):
            self._say(FeatureStatus(message=result.sentence))
            self.found.emit(result)
        else:
            self._say(FeatureStatus(True, result, words.COMPUTING_FEATURES))

    def _on_end(self, error: BaseException | None) -> None:
        if error is not None:
            self._say(FeatureStatus(message=why(error)))
            surface(error)
        elif self.status.busy:
            self._say(FeatureStatus(message=STOPPED))

    def _say(self, status: FeatureStatus) -> None:
        self.status = status
        self.status_changed.emit(status)


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
