"""The review queue: the parts of a scene, the most uncertain first."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.queue import words

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.session.compare.sources import Source
    from napari_uhrnet.session.engine import Workspace

    Scores = Callable[[Window], NDArray[np.float32]]
    Reviewed = Callable[[Window], NDArray[np.bool_]]

MOST_READ_PX = 2048
"""Parts are read in squares of at most this side."""


@dataclass(frozen=True)
class Criterion:
    """What parts are ranked by; ``open`` gives its scores for as long as they are read.

    They are (h, w) float32 in 0..1 for a window of level 0, nan where nothing was segmented.
    """

    title: str
    open: Callable[[], AbstractContextManager[Scores]]


@dataclass(frozen=True)
class Part:
    """A part of the scene, in level-0 pixels, and its mean score in 0..1."""

    window: Window
    score: float


@dataclass(frozen=True)
class Ranked:
    """Parts of a scene, the highest score first; of equal ones the upper left first."""

    title: str
    parts: tuple[Part, ...]


def uncertainty(where: Workspace) -> Criterion:
    """Entropy of the fused prediction, as a share of the largest possible."""

    @contextmanager
    def opened() -> Iterator[Scores]:
        from napari_uhrnet.geometry.affine import labels_to_level0

        def read(window: Window) -> NDArray[np.float32]:
            stored = labels_to_level0(
                lambda w: where.store.read("fused/entropy", w), where.layout.inference, window
            )
            scores: NDArray[np.float32] = stored.astype(np.float32)
            scores /= NOTHING - 1
            scores[stored == NOTHING] = np.nan
            return scores

        yield read

    return Criterion(words.UNCERTAINTY, opened)


def disagreement(title: str, a: Source, b: Source) -> Criterion:
    """1 where two sources have different classes, 0 where the same."""

    @contextmanager
    def opened() -> Iterator[Scores]:
        with ExitStack() as stack:
            left, right = (stack.enter_context(source.open()) for source in (a, b))
            right = right.in_classes(left.classes)

            def read(window: Window) -> NDArray[np.float32]:
                one, other = left.read(window), right.read(window)
                scores: NDArray[np.float32] = (one != other).astype(np.float32)
                scores[(one == NOTHING) | (other == NOTHING)] = np.nan
                return scores

            yield read

    return Criterion(title, opened)


def rank_job(
    shape_yx: tuple[int, int], side_px: int, criterion: Criterion, reviewed: Reviewed | None = None
) -> Generator[float | Ranked, None, None]:
    """The share done after every part, and in the end the ranking; closing it cancels.

    The score of a part is the mean over its pixels that are segmented and not reviewed; a part
    without one is left out. Nothing but the scores is kept.
    """
    windows = list(blocks(shape_yx, side_px))
    found = []
    with criterion.open() as read:
        for done, window in enumerate(windows, start=1):
            score = _score(window, read, reviewed)
            if score is not None:
                found.append(Part(window, score))
            yield done / len(windows)
    yield Ranked(criterion.title, tuple(sorted(found, key=lambda part: -part.score)))


def _score(window: Window, read: Scores, reviewed: Reviewed | None) -> float | None:
    total, count = 0.0, 0
    for piece in blocks(window.shape_yx, MOST_READ_PX):
        place = piece.shift(window.y, window.x)
        values = read(place)
        counts = ~np.isnan(values)
        if reviewed is not None and counts.any():
            counts &= ~reviewed(place)
        total += float(values[counts].sum(dtype=np.float64))
        count += int(counts.sum())
    return total / count if count else None


class Queue:
    """The remaining parts in the order of review, and the present one.

    Skipped parts come last, also when the scene is ranked again.
    """

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.index = 0
        self._skipped: list[Window] = []

    def rank(self, ranked: Ranked) -> None:
        """Use a new ranking, from its top."""
        by_window = {part.window: part for part in ranked.parts}
        last = [by_window[w] for w in self._skipped if w in by_window]
        self.parts = [p for p in ranked.parts if p.window not in self._skipped] + last
        self.index = 0

    @property
    def current(self) -> Part | None:
        """The present part, None if there is none."""
        return self.parts[self.index] if self.parts else None

    def step(self, by: int) -> Part | None:
        """Move forward or back; stays within the ends."""
        self.index = max(0, min(self.index + by, len(self.parts) - 1))
        return self.current

    def go_to(self, index: int) -> Part | None:
        """Go to the part at this place in the order."""
        return self.step(index - self.index)

    def is_skipped(self, part: Part) -> bool:
        """Whether a part was skipped."""
        return part.window in self._skipped

    def skip(self) -> Part | None:
        """Move the present part to the end, and go to the next."""
        if self.current is None:
            return None
        part = self.parts.pop(self.index)
        self.parts.append(part)
        if part.window in self._skipped:
            self._skipped.remove(part.window)
        self._skipped.append(part.window)
        return self.current

    def done(self) -> Part | None:
        """Remove the present part, and go to the next."""
        if self.current is not None:
            self.parts.pop(self.index)
        return self.step(0)
