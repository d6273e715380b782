"""Neighbour influence: on the prediction in view, and on a single patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.metrics import Confusion
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.inspect import words
from napari_uhrnet.session.inspect.view_job import ViewJob
from napari_uhrnet.session.libraries import load_triton_apart
from napari_uhrnet.session.panel_job import JobStatus

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from napari_uhrnet.engine.inspect.neighbours import PatchInfluences
    from napari_uhrnet.engine.passes.state import EngineState
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.engine import Engine, Workspace
    from napari_uhrnet.session.inspect.view_job import Wanted
    from napari_uhrnet.session.model_pool import ModelPool
    from napari_uhrnet.session.runner import Runner
    from napari_uhrnet.session.state import SessionState

MAP_PX = 2048
"""Longest side of the maps: of a larger view every so many pixels are shown."""
BLOCK_PX = 1024
PAIRS = 3
"""So many pairs of classes are listed."""


@dataclass(frozen=True, eq=False)
class Changes:
    """What local fusion changed in a window of the inference grid, for one branch.

    Attributes
    ----------
    step
        Each pixel of the maps stands for ``step`` x ``step`` inference pixels.
    without
        (h, w) uint8 classes without local fusion, of the first pixel of each.
    changed
        (h, w) uint8: the class with local fusion where it is another one without, else 255.
    counts
        (256, 256) pixels; rows: class without, columns: with.
    """

    window: Window
    step: int
    without: NDArray[np.uint8]
    changed: NDArray[np.uint8]
    counts: NDArray[np.float64]
    classes: ClassTable

    @property
    def share(self) -> float:
        """Of the pixels with a class, those whose class is another one."""
        known = self.counts[:NOTHING, :NOTHING]
        return float(1 - np.trace(known) / known.sum()) if known.any() else 0.0

    @property
    def sentence(self) -> str:
        """For the panel."""
        known = self.counts[:NOTHING, :NOTHING]
        if not known.any():
            return words.NOTHING_SEGMENTED
        if not self.share:
            return words.NOTHING_CHANGED
        names, off = self.classes.names, known * (1 - np.eye(NOTHING))
        order = np.argsort(-off, axis=None, kind="stable")[:PAIRS]
        pairs = [
            (float(off[a, b] / known.sum()), names[int(a)], names[int(b)])
            for a, b in zip(*np.unravel_index(order, off.shape), strict=True)
            if off[a, b]
        ]
        return words.changed(self.share, pairs)


@dataclass(frozen=True, eq=False)
class FoundChanges:
    """Of a scene, by branch; ``factor_yx`` level-0 pixels make an inference pixel."""

    scene: Scene
    factor_yx: tuple[float, float]
    branches: dict[str, Changes]

    def sentence(self, branch: str) -> str:
        """For the panel: of a branch."""
        return self.branches[branch].sentence


@dataclass(frozen=True, eq=False)
class FoundInfluences:
    """Of a patch of a scene; ``factor_yx`` level-0 pixels make an inference pixel."""

    scene: Scene
    factor_yx: tuple[float, float]
    patch: PatchInfluences

    def sentence(self, branch: str) -> str:
        """For the panel: of a branch."""
        together = self.patch.together
        return words.influence(
            len(self.patch.each), together.moved[branch], together.changed[branch]
        )


class NeighbourEffect(ViewJob):
    """Of the main thread, with its own runner, like `FeatureViewer`."""

    found = Signal(object)
    """`FoundChanges` or `FoundInfluences`."""
    predicted = Signal(object)
    """The `Workspace` of the network without local fusion, whose prediction can be compared."""

    def __init__(
        self, state: SessionState, runner: Runner, engine: Engine, models: ModelPool
    ) -> None:
        super().__init__(state, runner, engine, models)
        self._points: EngineState | None = None

    def find_changes(self) -> None:
        """Segment what is in view with and without local fusion."""
        view = self._state.view or Window(0, 0, 0, 0)
        self._begin(lambda wanted: self._changes(wanted, view), self._on_result, words.PREPARING)

    def ask_patch(self, y: int, x: int) -> None:
        """How much each neighbour changes the patch around a level-0 pixel."""
        self._begin(lambda wanted: self._influences(wanted, y, x), self._on_result, words.PREPARING)

    # In the runner's thread.

    def _changes(self, wanted: Wanted, view: Window) -> Generator[Any, None, None]:
        load_triton_apart()
        from napari_uhrnet.engine.inspect.neighbours import without_local_fusion

        model = self._models.get(wanted.model, wanted.device, self)
        alone = without_local_fusion(model)
        yield 0.0
        layout = self._engine.layout(wanted.scene, wanted.pixel_size_m, model)
        spaces = []
        try:
            for k, network in enumerate((model, alone)):
                spaces.append(self._engine.open_workspace(wanted.scene, layout, network))
                for step in self._engine.run(spaces[k], view, False):
                    yield (k + step.patches_done / max(step.patches_total, 1)) / 2
            window = layout.inference.from_level0(view)
            branches: dict[str, Changes] = {
                branch: changes_between(spaces[0], spaces[1], branch, window)
                for branch in ("fused", "local")
                if branch in model.branches
            }
            yield spaces[1]
        finally:
            for where in spaces:
                self._engine.close_workspace(where)
        yield FoundChanges(wanted.scene, layout.inference.factor_yx, branches)

    def _influences(self, wanted: Wanted, y: int, x: int) -> Generator[Any, None, None]:
        load_triton_apart()
        from napari_uhrnet.engine.inspect.neighbours import check_local_fusion, influences, patch_at
        from napari_uhrnet.engine.inspect.point import point_state

        model = self._models.get(wanted.model, wanted.device, self)
        check_local_fusion(model)
        yield 0.0
        state = point_state(wanted.scene, model, wanted.pixel_size_m)
        known = self._points
        if known is not None and (known.scene, known.layout) == (state.scene, state.layout):
            state = known if known.network is model.network else state
        self._points = state
        patch = influences(state, patch_at(state, y, x))
        yield FoundInfluences(wanted.scene, state.layout.inference.factor_yx, patch)

    # In the main thread.

    def _on_result(self, result: Any) -> None:
        if isinstance(result, float):
            self._set(JobStatus(True, result, words.COMPUTING_PATCHES))
        elif isinstance(result, FoundChanges | FoundInfluences):
            self._set(JobStatus(message=result.sentence("fused")))
            self.found.emit(result)
        else:
            self.predicted.emit(result)


def changes_between(full: Workspace, alone: Workspace, branch: str, window: Window) -> Changes:
    """Compare two stores of one layout in a window of the inference grid, block by block."""
    step = max(1, -(-max(window.shape_yx) // MAP_PX))
    rows, columns = (-(-side // step) for side in window.shape_yx)
    without = np.full((rows, columns), NOTHING, np.uint8)
    changed = without.copy()
    confusion, plane = Confusion(), f"{branch}/labels"
    side = max(step, BLOCK_PX // step * step)
    for block in blocks(window.shape_yx, side):
        a, b = (w.store.read(plane, block.shift(window.y, window.x)) for w in (alone, full))
        confusion.add(a, b)
        place = (
            slice(block.y // step, -(-block.bottom // step)),
            slice(block.x // step, -(-block.right // step)),
        )
        without[place] = a[::step, ::step]
        differs = (a != b) & (a != NOTHING) & (b != NOTHING)
        changed[place] = _thinned(np.where(differs, b, np.uint8(NOTHING)), step)
    return Changes(window, step, without, changed, confusion.counts, full.model.classes)


def _thinned(labels: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """The smallest id of each ``step`` x ``step`` pixels: 255 only where all are."""
    if step == 1:
        return labels
    height, width = (-(-side // step) * step for side in labels.shape)
    padded = np.full((height, width), NOTHING, np.uint8)
    padded[: labels.shape[0], : labels.shape[1]] = labels
    smallest: NDArray[np.uint8] = padded.reshape(height // step, step, width // step, step).min(
        axis=(1, 3)
    )
    return smallest
