"""Two results of an area in memory, to swipe between them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.session.compare.sources import Wanted

MOST_PX = 1 << 26
"""Of a larger area only each so many-th row and column is kept, to hold two pictures of 64 MB."""
COARSEST_PX = 1024


@dataclass(frozen=True)
class Pair:
    """(h, w) uint8 ids of ``classes`` of A and of B; 255 outside of the area.

    Their pixel (i, j) is the level-0 pixel ``window.y + i * step``, ``window.x + j * step``.
    """

    titles: tuple[str, str]
    classes: ClassTable
    window: Window
    step: int
    a: NDArray[np.uint8]
    b: NDArray[np.uint8]

    def update(self, newer: Pair) -> bool:
        """Take over what the same two results are by now; False if these are others."""
        if (newer.titles, newer.window, newer.step) != (self.titles, self.window, self.step):
            return False
        np.copyto(self.a, newer.a)
        np.copyto(self.b, newer.b)
        return True

    @property
    def levels(self) -> tuple[list[Any], list[Any]]:
        """Both as pyramids, every second pixel of the level before."""
        longest, depth = max(self.a.shape), 1
        while longest >> depth > COARSEST_PX:
            depth += 1
        steps = [1 << k for k in range(depth + 1)]
        left, right = ([labels[::k, ::k] for k in steps] for labels in (self.a, self.b))
        return left, right


def pair_job(wanted: Wanted) -> Generator[float | Pair, None, None]:
    """The share done after every block, and in the end both results; closing it cancels."""
    from napari_uhrnet.evaluation.comparison.blocks import BLOCK_PX, Area

    with ExitStack() as stack:
        a, b = (stack.enter_context(source.open()) for source in (wanted.a, wanted.b))
        if a.shape_yx != b.shape_yx:
            raise UserError(f"{b.title}: is not of the size of {a.title}: choose another one")
        a, b = (result.in_classes(wanted.classes) for result in (a, b))
        area = Area.of(a.shape_yx, wanted.window, wanted.polygon)
        step = max(1, -(-area.window.area_px // MOST_PX))
        step = int(np.ceil(np.sqrt(step)))
        small = [-(-n // step) for n in area.window.shape_yx]
        left, right = (np.full(small, NOTHING, np.uint8) for _ in range(2))
        blocks = list(area.windows(max(1, BLOCK_PX // step) * step))
        for done, block in enumerate(blocks, start=1):
            both = area.read(a, b, None, block)
            place = block.relative_to(area.window)
            y, x = place.y // step, place.x // step
            for into, labels in ((left, both.a), (right, both.b)):
                kept = labels[::step, ::step]
                into[y : y + kept.shape[0], x : x + kept.shape[1]] = kept
            yield done / len(blocks)
    titles = wanted.a.title, wanted.b.title
    yield Pair(titles, wanted.classes, area.window, step, left, right)
