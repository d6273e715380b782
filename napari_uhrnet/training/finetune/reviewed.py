"""Reviewed regions of corrected scenes as something to train on, read window by window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.engine.passes.reading import mirrored, read_inference
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import network_grid
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.training.data.frames import Frame
from napari_uhrnet.training.data.sampling import count, places_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.store.annotations.annotation import AnnotationStore

CELL_PX = 64
"""Reviewed pixels are searched in cells of this size; neighbouring cells may be one region."""
HELD_OUT_GAP_PX = 32
"""Least distance between held-out and trained parts of the only region (level-0 pixels)."""


@dataclass(frozen=True)
class Corrected:
    """A scene, its corrections, and metres per pixel of level 0."""

    scene: Scene
    store: AnnotationStore
    pixel_size_m: float


@dataclass(frozen=True)
class Region:
    """A window of level 0 of a scene, the ``scene``-th, and how much of it is reviewed."""

    scene: int
    window: Window
    reviewed_px: int


def regions_of(number: int, store: AnnotationStore) -> list[Region]:
    """Boxes around reviewed pixels, none of which touches another; row by row."""
    boxes: list[Window] = []
    for chunk in store.touched_windows():
        reviewed = store.reviewed(chunk)
        for y in range(0, chunk.height, CELL_PX):
            for x in range(0, chunk.width, CELL_PX):
                box = _box(reviewed[y : y + CELL_PX, x : x + CELL_PX])
                if box is not None:
                    boxes.append(box.shift(chunk.y + y, chunk.x + x))
    return [Region(number, box, _reviewed_px(store, box)) for box in joined(boxes)]


def _box(reviewed: NDArray[np.bool_]) -> Window | None:
    """Around what is true, if anything is."""
    rows, columns = (np.flatnonzero(reviewed.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    return Window.between(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def joined(boxes: Iterable[Window]) -> list[Window]:
    """The boxes, those that touch or overlap replaced by the box around them, until none do."""
    found: list[Window] = []
    for box in boxes:
        around = box
        while near := [other for other in found if other.intersect(around.expand(1))]:
            found = [other for other in found if other not in near]
            for other in near:
                around = _around(around, other)
        found.append(around)
    return sorted(found)


def _around(a: Window, b: Window) -> Window:
    return Window.between(
        min(a.y, b.y), min(a.x, b.x), max(a.bottom, b.bottom), max(a.right, b.right)
    )


def _reviewed_px(store: AnnotationStore, box: Window) -> int:
    return sum(
        int(store.reviewed(part).sum())
        for chunk in store.touched_windows()
        if (part := chunk.intersect(box))
    )


def hold_out(
    regions: Sequence[Region], share: float, seed: int
) -> tuple[list[Region], list[Region]]:
    """(trained on, held out): regions drawn until a share of what is reviewed is held out.

    They are held out as a whole, but one that would be far too much is cut across its longer side,
    with a gap, and so is the only one. Nothing is held out for a share of 0. Raises UserError if
    nothing is reviewed.
    """
    total = sum(region.reviewed_px for region in regions)
    if not total:
        raise UserError(
            "nothing is reviewed in this project: mark correct regions as reviewed first"
        )
    if share <= 0:
        return list(regions), []
    if len(regions) == 1:
        return _cut(regions[0], share)
    trained: list[Region] = []
    held: list[Region] = []
    missing = share * total
    for k in np.random.default_rng(seed).permutation(len(regions)):
        ours, theirs = _taken(regions[k], missing, missing_at_first=share * total)
        trained += ours
        held += theirs
        missing -= sum(region.reviewed_px for region in theirs)
    for lacking, other in ((trained, held), (held, trained)):
        if not lacking:
            lacking.append(other.pop())
    return sorted(trained, key=_place), sorted(held, key=_place)


def _taken(
    region: Region, missing: float, missing_at_first: float
) -> tuple[list[Region], list[Region]]:
    """What of a region is trained on and held out while so many pixels are to be held out."""
    if missing <= 0:
        return [region], []
    if region.reviewed_px - missing > missing_at_first / 2:
        return _cut(region, missing / region.reviewed_px)
    return [], [region]


def _place(region: Region) -> tuple[int, Window]:
    return region.scene, region.window


def _cut(region: Region, share: float) -> tuple[list[Region], list[Region]]:
    window = region.window
    tall = window.height >= window.width
    length = window.height if tall else window.width
    kept = round(length * (1 - share)) - HELD_OUT_GAP_PX // 2
    rest = length - kept - HELD_OUT_GAP_PX
    if min(kept, rest) < HELD_OUT_GAP_PX:
        return [region], []
    y, x, height, width = window.y, window.x, window.height, window.width
    start = kept + HELD_OUT_GAP_PX
    first = Window(y, x, kept, width) if tall else Window(y, x, height, kept)
    last = Window(y + start, x, rest, width) if tall else Window(y, x + start, height, rest)
    cut = (region.reviewed_px * part // length for part in (kept, rest))
    ours, theirs = (Region(region.scene, w, n) for w, n in zip((first, last), cut, strict=True))
    return [ours], [theirs]


class ReviewedSource:
    """Regions with their surroundings, at a scale; a `sampling.Source`.

    Labels are 255 where nothing was reviewed, and outside of the regions: the network sees these
    surroundings but learns nothing from them.

    Parameters
    ----------
    side_px
        Views are so large: a smaller region gets surroundings, as far as the scene goes.
    """

    def __init__(
        self,
        scenes: Sequence[Corrected],
        regions: Sequence[Region],
        target_m: float,
        side_px: int,
        share: float = 1.0,
    ) -> None:
        self.name, self.share = "reviewed", share
        self._scenes, self._regions = scenes, regions
        self._grids = [network_grid(s.scene.shape_yx, s.pixel_size_m / target_m) for s in scenes]
        self._places = [self._place(region, side_px) for region in regions]

    def _place(self, region: Region, side_px: int) -> Window:
        """Window of the inference grid around a region."""
        grid = self._grids[region.scene]
        inner = grid.from_level0(region.window)
        more = max(0, -(-(side_px - min(inner.shape_yx)) // 2))
        return inner.expand(more).clip(grid.shape_yx)

    @property
    def shapes_yx(self) -> list[tuple[int, int]]:
        """Size of each region with its surroundings."""
        return [place.shape_yx for place in self._places]

    @cached_property
    def counts(self) -> NDArray[np.float64]:
        """(regions, 255) reviewed pixels of each class id."""
        return np.stack([count(self._labels(k, p)) for k, p in enumerate(self._places)])

    @cached_property
    def places(self) -> list[dict[int, NDArray[np.int64]]]:
        """Of each region: some reviewed pixels of each class."""
        return [places_of(self._labels(k, place)) for k, place in enumerate(self._places)]

    def cut(self, which: int, window: Window) -> Frame:
        """A part of a region with its surroundings."""
        place = self._places[which]
        at = window.shift(place.y, place.x)
        of = self._regions[which].scene
        scene = self._scenes[of].scene
        pixels, valid = read_inference(scene, self._grids[of], at)
        labels = self._labels(which, at)
        labels[~valid] = NOTHING
        return Frame(scene.name, mirrored(pixels, valid), labels)

    def _labels(self, which: int, window: Window) -> NDArray[np.uint8]:
        """(h, w) reviewed labels of a window of the inference grid, by the nearest pixel."""
        region = self._regions[which]
        grid, store = self._grids[region.scene], self._scenes[region.scene].store
        rows, columns = (
            (2 * np.arange(start, stop, dtype=np.int64) + 1) * n0 // (2 * n)
            for start, stop, n0, n in zip(
                (window.y, window.x),
                (window.bottom, window.right),
                grid.level0_shape_yx,
                grid.shape_yx,
                strict=True,
            )
        )
        labels = np.full(window.shape_yx, NOTHING, np.uint8)
        inside = [
            (at >= low) & (at < high)
            for at, low, high in (
                (rows, region.window.y, region.window.bottom),
                (columns, region.window.x, region.window.right),
            )
        ]
        if not all(there.any() for there in inside):
            return labels
        y, x = rows[inside[0]], columns[inside[1]]
        box = Window.between(int(y[0]), int(x[0]), int(y[-1]) + 1, int(x[-1]) + 1)
        known = np.where(store.reviewed(box), store.read(box), np.uint8(NOTHING))
        labels[np.ix_(*inside)] = known[np.ix_(y - box.y, x - box.x)]
        return labels
