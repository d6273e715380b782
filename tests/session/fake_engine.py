"""A fake engine that segments at once what it is asked for, and remembers how it was used."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

from napari_uhrnet.engine.planning.layout import SceneLayout
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.controller import Controller
from napari_uhrnet.session.engine import Workspace
from napari_uhrnet.session.model_pool import ModelPool
from napari_uhrnet.session.runner import SyncRunner
from napari_uhrnet.session.state import SessionState


class FakeModel(SimpleNamespace):
    """Unlike a SimpleNamespace, something that a weak reference can point to."""


def fake_model(pixel_size_m: float = 1.0) -> FakeModel:
    return FakeModel(
        card=SimpleNamespace(pixel_size_m=pixel_size_m),
        network=SimpleNamespace(patch_px=100, frame_px=400, min_overlap_px=0),
        branches=("fused", "global", "local"),
    )


def fake_scene(side_px: int = 1000, pixel_size_m: float | None = 1.0) -> SimpleNamespace:
    return SimpleNamespace(shape_yx=(side_px, side_px), pixel_size_m=pixel_size_m)


@dataclass
class FakeEngine:
    """Yields a progress a patch; ``log`` says what was begun, ``closed`` what was ended early."""

    broken: Exception | None = None
    patch_s: float | None = 2.0
    log: list = field(default_factory=list)
    closed: list = field(default_factory=list)

    def read_card(self, name):
        if name == "empty":
            raise UserError("empty: no weights: load or train a checkpoint of it first")
        return SimpleNamespace(pixel_size_m=1.0, sha256=name)

    def layout(self, scene, pixel_size_m, model):
        return SceneLayout.build(scene.shape_yx, pixel_size_m, model)

    def devices(self):
        return "auto", "cpu", "cuda"

    def load_model(self, name, device):
        self.log.append(("load", name, device))
        return fake_model()

    def open_workspace(self, scene, layout, model):
        self.log.append(("open", layout.pixel_size_m))
        return Workspace(scene, layout, model, state=None, store=None)

    def close_workspace(self, where):
        self.log.append(("close", where.layout.pixel_size_m))

    def run(self, where, window, ring):
        self.log.append(("run", window, ring))
        total = where.layout.patches_in(window)
        try:
            for done in range(1, total + 1):
                if self.broken:
                    raise self.broken
                yield SimpleNamespace(
                    patches_done=done,
                    patches_total=total,
                    finished=(window,),
                    seconds_left=float(total - done),
                    message=f"note {done}" if done == 1 else None,
                )
        except GeneratorExit:
            self.closed.append(window)
            raise

    def run_coarse(self, where, window):
        self.log.append(("coarse", window))
        for done in (1, 2):
            yield SimpleNamespace(frames_done=done, frames_total=2)

    def seconds_per_patch(self, where):
        return self.patch_s


@dataclass
class Session:
    """State, controller and their fakes; ``told`` is what the controller's signals said."""

    state: SessionState
    runner: SyncRunner
    engine: FakeEngine
    controller: Controller
    told: list = field(default_factory=list)

    def __post_init__(self):
        self.controller.workspace_opened.connect(lambda w: self.told.append("opened"))
        self.controller.coarse_ready.connect(lambda t: self.told.append("coarse"))
        self.controller.pixels_changed.connect(lambda: self.told.append("pixels"))

    def begun(self, kind: str) -> list:
        return [entry[1:] for entry in self.engine.log if entry[0] == kind]


def make_session(*, stepwise: bool) -> Session:
    state = SessionState(scene=fake_scene(), model="light", view=Window(0, 0, 200, 200))
    runner, engine = SyncRunner(stepwise=stepwise), FakeEngine()
    return Session(state, runner, engine, Controller(state, runner, engine, ModelPool(engine)))
