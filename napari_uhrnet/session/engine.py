"""The interface between session and engine, and its implementation in this process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from napari_uhrnet.session.libraries import load_triton_apart

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_uhrnet.engine.passes.coarse import CoarseTile
    from napari_uhrnet.engine.passes.state import EngineState
    from napari_uhrnet.engine.planning.layout import SceneLayout
    from napari_uhrnet.engine.run import Progress
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.base.checkpoint import Card
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.store.predictions.prediction import PredictionStore


@dataclass(frozen=True)
class Workspace:
    """What belongs to one scene at one pixel size and one model."""

    scene: Scene
    layout: SceneLayout
    model: LoadedModel
    state: EngineState
    store: PredictionStore

    def fits(self, scene: Scene, layout: SceneLayout, model: LoadedModel) -> bool:
        """Whether it is the one for these."""
        return self.scene is scene and self.model is model and self.layout == layout


@dataclass(frozen=True)
class Loaded:
    """A model and the name and device that were asked for."""

    name: str
    device: str
    model: LoadedModel

    @property
    def asked_for(self) -> tuple[str, str]:
        """(name, device)."""
        return self.name, self.device


@dataclass(frozen=True)
class Devices:
    """What this machine can compute on."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Estimate:
    """How long a patch takes, None if that is not known yet; ``last`` ends the coarse one."""

    seconds_per_patch: float | None
    last: bool


class Engine(Protocol):
    """The calls into models and engine; all but the first two belong to the worker's thread."""

    def read_card(self, name: str) -> Card:
        """The card of a model or checkpoint file; quick."""
        ...

    def layout(self, scene: Scene, pixel_size_m: float | None, model: LoadedModel) -> SceneLayout:
        """Where patches and frames lie; quick."""
        ...

    def devices(self) -> tuple[str, ...]:
        """What this machine can compute on, "auto" first. Slow once: loads torch."""
        ...

    def load_model(self, name: str, device: str) -> LoadedModel:
        """A network with its weights."""
        ...

    def open_workspace(self, scene: Scene, layout: SceneLayout, model: LoadedModel) -> Workspace:
        """Empty caches, and the store of this scene and model with all that was computed before."""
        ...

    def close_workspace(self, where: Workspace) -> None:
        """Close a store; once for each."""
        ...

    def run(self, where: Workspace, window: Window, ring: bool) -> Generator[Progress, None, None]:
        """Segment a level-0 window into the store."""
        ...

    def seconds_per_patch(self, where: Workspace) -> float | None:
        """How long a patch takes, None before one was computed."""
        ...

    def run_coarse(self, where: Workspace, window: Window) -> Generator[CoarseTile, None, None]:
        """The global branch's own prediction for a level-0 window, frame by frame."""
        ...


class LocalEngine:
    """The `Engine` of this package, in this process."""

    def read_card(self, name: str) -> Card:
        """See `Engine`."""
        from napari_uhrnet.models.registry import card_of

        return card_of(name)

    def layout(self, scene: Scene, pixel_size_m: float | None, model: LoadedModel) -> SceneLayout:
        """See `Engine`."""
        from napari_uhrnet.engine.planning.layout import SceneLayout

        return SceneLayout.build(scene.shape_yx, pixel_size_m, model)

    def devices(self) -> tuple[str, ...]:
        """See `Engine`."""
        load_triton_apart()
        import torch

        # Loads timm, so that the first Segment need not.
        import napari_uhrnet.models.uhrnet.network  # noqa: F401

        there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        return ("auto", "cpu", *(name for name, is_there in there.items() if is_there))

    def load_model(self, name: str, device: str) -> LoadedModel:
        """See `Engine`."""
        import torch

        from napari_uhrnet.models.registry import load_model

        # The window needs a processor for itself to stay responsive.
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        torch.set_num_threads(max(1, (cores or 2) - 1))
        return load_model(name, device)

    def open_workspace(self, scene: Scene, layout: SceneLayout, model: LoadedModel) -> Workspace:
        """See `Engine`."""
        from napari_uhrnet.engine.open import open_prediction_store
        from napari_uhrnet.engine.passes.state import EngineState

        state = EngineState(scene, layout, model)
        store = open_prediction_store(scene, state, model)
        return Workspace(scene, layout, model, state, store)

    def close_workspace(self, where: Workspace) -> None:
        """See `Engine`."""
        from napari_uhrnet.resources import cache_root
        from napari_uhrnet.store.files.cache import trim

        where.store.close()
        trim(cache_root())

    def run(self, where: Workspace, window: Window, ring: bool) -> Generator[Progress, None, None]:
        """See `Engine`."""
        from napari_uhrnet.engine.planning.work import Work
        from napari_uhrnet.engine.run import run

        yield from run(Work(window, ring), where.state, where.store)

    def run_coarse(self, where: Workspace, window: Window) -> Generator[CoarseTile, None, None]:
        """See `Engine`."""
        from napari_uhrnet.engine.passes.coarse import run_coarse
        from napari_uhrnet.engine.planning.work import Work

        yield from run_coarse(Work(window), where.state)

    def seconds_per_patch(self, where: Workspace) -> float | None:
        """See `Engine`."""
        return where.state.seconds_per_patch
