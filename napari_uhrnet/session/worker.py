"""The jobs of a session, as generators that a runner walks in its thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.session.engine import Devices, Estimate, Loaded, Workspace

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_uhrnet.engine.passes.coarse import CoarseTile
    from napari_uhrnet.engine.run import Progress
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.session.engine import Engine
    from napari_uhrnet.session.plan import Plan


class Worker:
    """Belongs to the runner's thread and never touches the state.

    It alone opens and closes workspaces, so that none is opened twice or left open when results
    of an older generation are dropped.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open: Workspace | None = None

    def find_devices(self) -> Generator[Devices, None, None]:
        """What this machine can compute on."""
        yield Devices(self._engine.devices())

    def load(self, name: str, device: str) -> Generator[Devices | Loaded, None, None]:
        """A model, after the devices."""
        yield from self.find_devices()
        yield Loaded(name, device, self._engine.load_model(name, device))

    def work(
        self, plan: Plan, model: LoadedModel, coarse: bool
    ) -> Generator[Workspace | Estimate | CoarseTile | Progress, None, None]:
        """The workspace of a plan, then what is computed in it."""
        where = self._open
        if where is None or not where.fits(plan.scene, plan.layout, model):
            self.leave()
            where = self._open = self._engine.open_workspace(plan.scene, plan.layout, model)
        yield where
        if not coarse:
            yield from self._engine.run(where, plan.window, plan.ring)
            return
        yield Estimate(self._engine.seconds_per_patch(where), last=False)
        yield from self._engine.run_coarse(where, plan.window)
        yield Estimate(self._engine.seconds_per_patch(where), last=True)

    def leave(self) -> None:
        """Close the workspace, if one is open."""
        where, self._open = self._open, None
        if where is not None:
            self._engine.close_workspace(where)
