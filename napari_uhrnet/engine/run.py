"""The engine: work in, finished rectangles in the store out, a step at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_uhrnet.engine.passes.blending import rectangle_planes
from napari_uhrnet.engine.passes.steps import decode
from napari_uhrnet.engine.planning.work import patches_under, put_in_order, rectangles_over

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_uhrnet.engine.passes.state import EngineState
    from napari_uhrnet.engine.planning.work import Work
    from napari_uhrnet.geometry.grid import Cell
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.store.predictions.prediction import PredictionStore

FLUSH_EVERY_S = 0.2
"""Finished rectangles are gathered for this long before they are written and shown."""


@dataclass(frozen=True)
class Progress:
    """How far a plan is.

    ``finished`` are windows of the inference grid that the store can be read in since the last
    progress; ``message`` is something the user should know, e.g. a step of the memory ladder.
    """

    patches_done: int
    patches_total: int
    finished: tuple[Window, ...] = ()
    seconds_left: float | None = None
    message: str | None = None


@dataclass
class _Pending:
    """Rectangles that wait for patches."""

    rectangles: set[Cell]
    decoded: set[Cell] = field(default_factory=set)

    def ready(self, batch: list[Cell], state: EngineState) -> list[Cell]:
        """Rectangles that are complete now that a batch of patches is; each is given once."""
        self.decoded.update(batch)
        touched = {r for p in batch for r in rectangles_over(p, state.layout)}
        complete = sorted(
            r
            for r in touched & self.rectangles
            if self.decoded.issuperset(patches_under(r, state.layout))
        )
        self.rectangles.difference_update(complete)
        return complete


def run(work: Work, state: EngineState, store: PredictionStore) -> Iterator[Progress]:
    """Segment what of the work is not in the store yet.

    Yields after every batch. Closing the generator cancels: what was finished is written, and a
    later run with the same state resumes where this one stopped.
    """
    order = put_in_order(work, state.layout, store)
    pending = _Pending(set(order.rectangles))
    total, done, noted = len(order.patches), 0, len(state.notes)
    last_flush = time.monotonic()
    try:
        while done < total:
            batch = list(order.patches[done : done + state.batch_size])
            started = time.monotonic()
            decode(state, batch)
            for rectangle in pending.ready(batch, state):
                _finish(rectangle, state, store)
            done += len(batch)
            _measure(state, (time.monotonic() - started) / len(batch))
            finished: tuple[Window, ...] = ()
            if done == total or time.monotonic() - last_flush > FLUSH_EVERY_S:
                finished, last_flush = store.flush(), time.monotonic()
            message = "; ".join(state.notes[noted:]) or None
            noted = len(state.notes)
            yield Progress(done, total, finished, _left(state, total - done), message)
    finally:
        store.flush()
    if not total:
        yield Progress(0, 0, seconds_left=0.0)


def _finish(rectangle: Cell, state: EngineState, store: PredictionStore) -> None:
    # Logits that were evicted since are decoded again, and counted as such.
    logits = decode(state, patches_under(rectangle, state.layout))
    store.write(*rectangle, rectangle_planes(rectangle, logits, state))


def _measure(state: EngineState, seconds: float) -> None:
    """Follow the time of a patch; the first ones describe neighbours too, so old values fade."""
    known = state.seconds_per_patch
    state.seconds_per_patch = seconds if known is None else 0.9 * known + 0.1 * seconds


def _left(state: EngineState, patches: int) -> float:
    return patches * (state.seconds_per_patch or 0.0)
