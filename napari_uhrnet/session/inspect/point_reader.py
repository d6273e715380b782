"""Asks networks about points, in the runner's thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.inspect.pins import PointPrediction
from napari_uhrnet.session.libraries import load_triton_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_uhrnet.engine.passes.state import EngineState
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.scene.base import Scene


@dataclass(frozen=True)
class Asked:
    """A network to be asked.

    ``model`` names it among all networks (a name of the registry, a path), ``title`` is what a
    person reads. ``load`` is called in the runner's thread, and not again as long as the network
    is asked.
    """

    model: str
    title: str
    device: str
    load: Callable[[], LoadedModel] = field(compare=False)


@dataclass(frozen=True)
class Setting:
    """What is read: a scene, its pixel size if that is not its own, and by which networks."""

    scene: Scene | None = None
    pixel_size_m: float | None = None
    asked: tuple[Asked, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the networks."""
        return tuple(a.model for a in self.asked)


class PointReader:
    """Keeps the networks that are asked, and what was computed around the last point.

    Belongs to the runner's thread.
    """

    def __init__(self) -> None:
        self._setting = Setting()
        self._loaded: dict[Asked, LoadedModel | UserError] = {}
        self._states: dict[Asked, EngineState] = {}

    def read(
        self, setting: Setting, models: tuple[str, ...], y: int, x: int
    ) -> Generator[float | PointPrediction, None, None]:
        """Predictions at a level-0 pixel; in between, how far the next one is."""
        self._settle(setting)
        for asked in setting.asked:
            if asked.model in models:
                try:
                    yield from self._ask(asked, y, x)
                except UserError as error:
                    yield PointPrediction(asked.model, problem=str(error))

    def let_go(self) -> Generator[float | PointPrediction, None, None]:
        """Forget networks and caches."""
        yield from self.read(Setting(), (), 0, 0)

    def _ask(self, asked: Asked, y: int, x: int) -> Generator[float | PointPrediction, None, None]:
        load_triton_apart()
        from napari_uhrnet.engine.inspect.point import approach, probabilities_at

        yield 0.0
        state = self._state(asked)
        yield from approach(state, y, x)
        yield PointPrediction(asked.model, probabilities_at(state, y, x))

    def _settle(self, setting: Setting) -> None:
        """Keep what is of use for a setting, and no more."""
        old, self._setting = self._setting, setting
        self._loaded = {a: m for a, m in self._loaded.items() if a in setting.asked}
        same = (old.scene, old.pixel_size_m) == (setting.scene, setting.pixel_size_m)
        self._states = {a: s for a, s in self._states.items() if same and a in setting.asked}

    def _state(self, asked: Asked) -> EngineState:
        from napari_uhrnet.engine.inspect.point import point_state

        if asked not in self._states:
            setting = self._setting
            assert setting.scene is not None
            self._states[asked] = point_state(
                setting.scene, self._model(asked), setting.pixel_size_m
            )
        return self._states[asked]

    def _model(self, asked: Asked) -> LoadedModel:
        if asked not in self._loaded:
            try:
                self._loaded[asked] = asked.load()
            except UserError as error:  # a file that is missing is not looked for at each point
                self._loaded[asked] = error
        known = self._loaded[asked]
        if isinstance(known, UserError):
            raise known
        return known
