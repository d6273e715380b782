"""Compare two results of a scene, and each with a ground truth, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.comparison.blocks import BLOCK_PX, Area
from napari_uhrnet.evaluation.comparison.compared_maps import ComparedMaps
from napari_uhrnet.evaluation.comparison.comparison import Comparison
from napari_uhrnet.evaluation.comparison.disagreements import KEPT_REGIONS, RegionFinder, Regions
from napari_uhrnet.scene.places import difference

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator

    from napari_uhrnet.evaluation.comparison.results import Result
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.polygon import Polygon
    from napari_uhrnet.geometry.window import Window


def compare(
    a: Result,
    b: Result,
    classes: ClassTable | None = None,
    *,
    truth: Result | None = None,
    window: Window | None = None,
    polygon: Polygon | None = None,
    pixel_size_m: float | None = None,
    pairs: Collection[tuple[int, int]] | None = None,
    keep_regions: int = KEPT_REGIONS,
    block_px: int = BLOCK_PX,
) -> Generator[float, None, tuple[Comparison, Regions]]:
    """Count and find regions in one pass; yields the share done after every block.

    Closing the generator cancels. Whatever the size of the scene, one block of each result is held,
    the listed regions, and one row of pixels.

    Parameters
    ----------
    a, b, truth
        Labels of the same scene. Their ids are taken to ``classes`` by name.
    classes
        Table of the comparison, by default the ground truth's, else A's. Classes marked ``ignore``
        are left out: pixels that have one count as if they had no class.
    window, polygon
        What is compared, in level-0 pixels; the whole scene by default.
    pixel_size_m
        Ground size of a level-0 pixel, for areas.
    pairs, keep_regions
        Which regions are listed, and how many: see `RegionFinder`.

    Raises
    ------
    UserError
        The results do not lie on each other, have no class in common, or the area is empty.
    """
    table = (classes or (truth or a).classes).without_ignored()
    for result in (b, *([] if truth is None else [truth])):
        apart = difference(result.grid, a.grid)
        if apart is not None:
            raise UserError(
                f"{result.title}: {apart.text}: only labels that lie on each other are compared"
            )
    a, b = a.in_classes(table), b.in_classes(table)
    truth = None if truth is None else truth.in_classes(table)
    area = Area.of(a.shape_yx, window, polygon)
    maps = ComparedMaps(a.shape_yx, area.window)
    found = Comparison(a, b, table, area, pixel_size_m, maps, truth)
    finder = RegionFinder(area.window, a.shape_yx[1], keep_regions, pairs)
    done_px = 0
    for place in area.windows(block_px):
        block = area.read(a, b, truth, place)
        found.add(block)
        finder.add(block)
        done_px += place.area_px
        yield done_px / area.window.area_px
    return found, finder.regions()


def run_to_end(
    steps: Generator[float, None, tuple[Comparison, Regions]],
    progress: Callable[[float], None] | None = None,
) -> tuple[Comparison, Regions]:
    """What `compare` finds in the end; ``progress`` is called with the share done."""
    while True:
        try:
            share = next(steps)
        except StopIteration as end:
            found: tuple[Comparison, Regions] = end.value
            return found
        if progress is not None:
            progress(share)
