"""Turns changes of the state into runs, and what the runs yield into state."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_uhrnet.errors import UserError
from napari_uhrnet.session import wording
from napari_uhrnet.session.engine import Devices, Estimate, Loaded, Workspace
from napari_uhrnet.session.latest_job import LatestJob, surface, why
from napari_uhrnet.session.plan import Plan, Refusal, resolve
from napari_uhrnet.session.state import RunStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_uhrnet.engine.passes.coarse import CoarseTile
    from napari_uhrnet.engine.planning.layout import SceneLayout
    from napari_uhrnet.engine.run import Progress
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.engine import Engine
    from napari_uhrnet.session.model_pool import ModelPool
    from napari_uhrnet.session.runner import Runner
    from napari_uhrnet.session.state import Phase, SessionState


_NOTHING_NEW = "Done: all of it was segmented before."


class Worker:
    """The jobs of a session; belongs to the runner's thread and never touches the state.

    It alone opens and closes workspaces, so that none is opened twice or left open when results
    of an older generation are dropped.
    """

    def __init__(self, engine: Engine, models: ModelPool) -> None:
        self._engine, self._models = engine, models
        self._open: Workspace | None = None

    def find_devices(self) -> Generator[Devices, None, None]:
        """What this machine can compute on."""
        yield Devices(self._engine.devices())

    def load(self, name: str, device: str) -> Generator[Devices | Loaded, None, None]:
        """A model, after the devices."""
        yield from self.find_devices()
        yield Loaded(name, device, self._models.get(name, device, self))

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


class Controller:
    """Runs what the state asks for, one job at a time.

    What an earlier job still yields is dropped. A view that moves while it is followed ends the
    running job at its next batch and starts another one. All methods and signals belong to the
    main thread.
    """

    workspace_opened = Signal(object)
    """A `Workspace` whose store is worth showing."""
    coarse_ready = Signal(object)
    """A `CoarseTile` of the workspace that was opened last."""
    pixels_changed = Signal()
    """The store holds new pixels."""

    def __init__(
        self, state: SessionState, runner: Runner, engine: Engine, models: ModelPool
    ) -> None:
        self._state, self._engine = state, engine
        self._job = LatestJob(runner)
        self._worker = Worker(engine, models)
        self._loaded: Loaded | None = None
        self._workspace: Workspace | None = None
        self._plan: Plan | None = None
        self._wanted = False
        self._show_again = False
        self._seconds_per_patch: float | None = None
        self._coarse = False
        events = state.events
        events.view.connect(self._on_view)
        events.follow_view.connect(self._on_view)
        events.model.connect(self._on_model)
        for field in ("scene", "pixel_size_m", "device"):
            getattr(events, field).connect(self._on_other_work)
        if state.model:
            self._on_model()

    @property
    def workspace(self) -> Workspace | None:
        """The one that was opened last."""
        return self._workspace

    def warm_up(self) -> None:
        """Load what is slow to import in the background, and learn what devices there are."""
        self._start(self._worker.find_devices)

    def segment(self) -> None:
        """Segment what the state asks for."""
        state = self._state
        if state.scene is None or state.model_problem:
            # Said before the model is loaded, which can take a while.
            no_scene = "Open an image first: File > Open, or drop one on the window."
            self._say("failed", state.model_problem or no_scene)
            return
        self._wanted = self._show_again = True
        if self._loaded and self._loaded.asked_for == (state.model, state.device):
            self._begin(self._resolve(self._loaded.model))
        else:
            self._say("loading", f"Loading {Path(state.model).stem}…", note="")
            self._start(partial(self._worker.load, state.model, state.device))

    def go(self) -> None:
        """Segment all of it: the person confirmed."""
        if self._plan is not None:
            self._run(self._plan, approved=True)

    def not_now(self) -> None:
        """Leave it: the person declined."""
        self._job.cancel()
        self._say("idle", "Not segmented. Zoom in to segment less, or press Segment again.")

    def cancel(self) -> None:
        """Stop after the batch that is being computed; what is finished is kept."""
        self._wanted = False
        self._plan = None
        phase = self._state.status.phase
        if phase in ("loading", "running"):
            self._say("cancelling", "Stopping after this batch…")
        elif phase == "asking":
            self._say("idle", "")
        self._job.cancel()

    def close(self) -> None:
        """Stop for good."""
        self._job.close(self._worker.leave)

    # Changes of the state.

    def _on_model(self) -> None:
        state = self._state
        try:
            state.card, state.model_problem = self._engine.read_card(state.model), ""
        except UserError as error:
            state.card, state.model_problem = None, str(error)
        state.hidden, state.areas_px = frozenset(), {}
        self._on_other_work()

    def _on_other_work(self) -> None:
        """The scene or the network is another one: what runs is of no use any more."""
        self.cancel()
        if not self._state.status.busy:
            self._say("idle", "", note="")

    def _on_view(self) -> None:
        state = self._state
        following = self._wanted and state.follow_view and state.region == "visible"
        if not following or self._loaded is None or state.status.phase == "loading":
            return
        plan = self._resolve(self._loaded.model)
        if isinstance(plan, Plan) and not plan.same_work(self._plan):
            self._begin(plan)

    def _resolve(self, model: LoadedModel) -> Plan | Refusal:
        def layout(scene: Scene, pixel_size_m: float | None) -> SceneLayout:
            return self._engine.layout(scene, pixel_size_m, model)

        return resolve(self._state.intent(), model.card.pixel_size_m, layout)

    def _begin(self, plan: Plan | Refusal) -> None:
        if isinstance(plan, Refusal):
            self._plan = None
            self._job.cancel()
            self._say("failed", plan.sentence)
        else:
            self._run(plan, approved=False)

    def _run(self, plan: Plan, *, approved: bool) -> None:
        assert self._loaded is not None
        self._plan = plan
        self._coarse = coarse = plan.ask and not approved
        message = self._question() if coarse else "Segmenting…"
        total = 0 if coarse else plan.patches
        self._state.status = RunStatus("running", 0, total, None, message, asks=coarse)
        self._start(partial(self._worker.work, plan, self._loaded.model, coarse))

    def _start(self, steps: Callable[[], Generator[Any, None, None]]) -> None:
        self._job.start(steps, self._on_result, self._on_end)

    # What comes back from the worker, on the main thread.

    def _on_result(self, result: Any) -> None:
        match result:
            case Workspace():
                self._on_workspace(result)
            case Loaded():
                self._loaded = result
                self._state.branches = result.model.branches
                if self._wanted:
                    self._begin(self._resolve(result.model))
            case Devices():
                self._state.devices = result.names
            case Estimate():
                self._on_estimate(result)
            case _ if self._coarse:
                self._on_coarse(result)
            case _:
                self._on_progress(result)

    def _on_workspace(self, where: Workspace) -> None:
        if where is not self._workspace or self._show_again:
            self._workspace, self._show_again = where, False
            self.workspace_opened.emit(where)

    def _on_progress(self, progress: Progress) -> None:
        status = self._state.status
        done, total = progress.patches_done, progress.patches_total
        if status.phase == "running":
            self._state.status = RunStatus(
                "running",
                done,
                total,
                progress.seconds_left,
                f"Segmenting: {done} of {wording.patches(total)}",
                progress.message or status.note,
            )
        if progress.finished:
            self.pixels_changed.emit()

    def _on_coarse(self, tile: CoarseTile) -> None:
        if self._state.status.phase == "running":
            self._state.status = RunStatus(
                "running",
                tile.frames_done,
                tile.frames_total,
                message=self._question(),
                asks=True,
            )
        self.coarse_ready.emit(tile)

    def _on_estimate(self, estimate: Estimate) -> None:
        self._seconds_per_patch = estimate.seconds_per_patch
        if self._state.status.phase == "running":
            phase: Phase = "asking" if estimate.last else "running"
            self._state.status = replace(self._state.status, phase=phase, message=self._question())

    def _question(self) -> str:
        assert self._plan is not None
        count, each_s = self._plan.patches, self._seconds_per_patch
        time = "" if each_s is None else f", about {wording.duration(each_s * count)}"
        return f"{wording.patches(count)}{time}. Segment all of it?"

    def _on_end(self, error: BaseException | None) -> None:
        status = self._state.status
        if error is not None:
            self._wanted, self._plan = False, None
            self._say("failed", why(error))
            surface(error)
        elif status.phase == "cancelling":
            kept = f" {status.patches_done} of {wording.patches(status.patches_total)} are kept."
            self._say("idle", "Stopped." + (kept if status.patches_total else ""))
        elif status.phase == "running":
            total = status.patches_total
            self._say("idle", f"Done: {wording.patches(total)}." if total else _NOTHING_NEW)
        self.pixels_changed.emit()

    def _say(self, phase: Phase, message: str, note: str | None = None) -> None:
        """Change phase and message; the numbers and the note stay unless a note is given."""
        old = self._state.status
        self._state.status = RunStatus(
            phase,
            old.patches_done,
            old.patches_total,
            None,
            message,
            old.note if note is None else note,
        )
