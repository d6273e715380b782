"""What two results of a scene are compared by: sources, and jobs for a runner."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.classes import ClassTable, LabelClass

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.engine.planning.layout import SceneLayout
    from napari_uhrnet.evaluation.comparison.comparison import Comparison
    from napari_uhrnet.evaluation.comparison.disagreements import Regions
    from napari_uhrnet.evaluation.comparison.results import Result
    from napari_uhrnet.geometry.polygon import Polygon
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.engine import Workspace
    from napari_uhrnet.store.annotations.annotation import AnnotationStore
    from napari_uhrnet.store.predictions.prediction import PredictionStore

HIGHLIGHT_PX = 1024
"""Longest side of the picture in which the pixels of a pair are highlighted."""


@dataclass(frozen=True)
class Source:
    """Something to compare: ``open`` gives its labels for as long as they are read."""

    title: str
    open: Callable[[], AbstractContextManager[Result]]


@dataclass(frozen=True)
class Wanted:
    """What is to be compared with what, and where: a window of level 0 and a polygon in it.

    ``window`` None is the whole scene, ``polygon`` None all of the window; ``pixel_size_m`` is the
    ground size of a level-0 pixel, None where it is not known.
    """

    a: Source
    b: Source
    classes: ClassTable
    window: Window | None = None
    polygon: Polygon | None = None
    pixel_size_m: float | None = None


@dataclass(frozen=True)
class Compared:
    """What a comparison found, and what was compared."""

    comparison: Comparison
    regions: Regions
    a: Source
    b: Source
    classes: ClassTable


@dataclass(frozen=True)
class Highlighted:
    """Where A has the one class of a pair and B the other.

    ``mask`` is (h, w) bool; its pixel (i, j) stands for the ``step`` x ``step`` level-0 pixels
    from ``window.y + i * step``, ``window.x + j * step`` on, and is True if one of them is so.
    """

    pair: tuple[int, int]
    window: Window
    step: int
    mask: NDArray[np.bool_]


def branch_source(where: Workspace, branch: str, title: str) -> Source:
    """What the store of a workspace holds of a branch, now and later."""

    @contextmanager
    def opened() -> Iterator[Result]:
        yield stored_labels(where.scene, where.layout, where.model, where.store, branch, title)

    return Source(title, opened)


def stored_labels(
    scene: Scene,
    layout: SceneLayout,
    model: LoadedModel,
    store: PredictionStore,
    branch: str,
    title: str,
) -> Result:
    """A branch of a prediction store that is open, at level 0."""
    from napari_uhrnet.evaluation.comparison.results import Result
    from napari_uhrnet.geometry.affine import labels_to_level0

    read_stored = partial(store.read, f"{branch}/labels")

    def read(window: Window) -> NDArray[np.uint8]:
        return labels_to_level0(read_stored, layout.inference, window)

    place = scene.picture.georeference
    return Result(title, scene.shape_yx, model.classes, read, georeference=place)


def labels_source(labels: Any, classes: ClassTable, title: str) -> Source:
    """An array (height, width) of class ids at level 0, such as the data of a layer."""

    @contextmanager
    def opened() -> Iterator[Result]:
        from napari_uhrnet.evaluation.comparison.results import array_result

        yield array_result(labels, classes, title)

    return Source(title, opened)


def corrections_source(store: AnnotationStore, title: str) -> Source:
    """What a person painted or reviewed; the rest is nothing."""

    @contextmanager
    def opened() -> Iterator[Result]:
        from napari_uhrnet.evaluation.comparison.results import Result

        yield Result(title, store.shape_yx, store.classes, store.read)

    return Source(title, opened)


def mask_source(path: Path, classes: ClassTable) -> Source:
    """A mask in a file, by the class table of its own folder if there is one, else by this."""

    @contextmanager
    def opened() -> Iterator[Result]:
        from napari_uhrnet.datasets.class_tables import FOLDER_FILE, read_class_table
        from napari_uhrnet.evaluation.comparison.results import opened_mask

        own = path.parent / FOLDER_FILE
        with opened_mask(path, read_class_table(own) if own.is_file() else classes) as result:
            yield result

    return Source(path.name, opened)


def named_classes(ids: Any, names: Any, like: ClassTable) -> ClassTable:
    """A class table of the ids and names of a layer, in the colours that ``like`` has for them."""
    colours = {c.name: c.rgb for c in like.classes}
    pairs = sorted({int(i): str(n) for i, n in zip(ids, names, strict=True)}.items())
    return ClassTable(
        "layer", tuple(LabelClass(i, n, colours.get(n, (128, 128, 128))) for i, n in pairs)
    )


def compare_job(
    wanted: Wanted,
) -> Generator[float | Compared, None, None]:
    """The share done after every block, and in the end what was found; closing it cancels."""
    from napari_uhrnet.evaluation.comparison.compare import compare

    with ExitStack() as stack:
        a, b = (stack.enter_context(source.open()) for source in (wanted.a, wanted.b))
        comparison, regions = yield from compare(
            a,
            b,
            wanted.classes,
            window=wanted.window,
            polygon=wanted.polygon,
            pixel_size_m=wanted.pixel_size_m,
        )
    yield Compared(comparison, regions, wanted.a, wanted.b, comparison.classes)


def highlight_job(
    compared: Compared, pair: tuple[int, int], view: Window
) -> Generator[float | Highlighted, None, None]:
    """Where the pixels of a pair are in the part of the comparison that is in view."""
    from napari_uhrnet.evaluation.comparison.blocks import BLOCK_PX, Area

    area = compared.comparison.area
    window = view.intersect(area.window)
    if not window:
        return
    step = -(-max(window.shape_yx) // HIGHLIGHT_PX)
    mask = np.zeros([-(-n // step) for n in window.shape_yx], bool)
    part = Area(window, area.polygon)
    with ExitStack() as stack:
        a, b = (
            stack.enter_context(source.open()).in_classes(compared.classes)
            for source in (compared.a, compared.b)
        )
        blocks = list(part.windows(BLOCK_PX // step * step or step))
        for done, block in enumerate(blocks, start=1):
            both = part.read(a, b, None, block)
            place = block.relative_to(window)
            y, x = place.y // step, place.x // step
            small = _any_of((both.a == pair[0]) & (both.b == pair[1]), step)
            mask[y : y + small.shape[0], x : x + small.shape[1]] = small
            yield done / len(blocks)
    yield Highlighted(pair, window, step, mask)


def _any_of(found: NDArray[np.bool_], step: int) -> NDArray[np.bool_]:
    """Whether one is True of each ``step`` x ``step`` pixels."""
    for axis in range(2):
        found = np.logical_or.reduceat(found, np.arange(0, found.shape[axis], step), axis=axis)
    return found
