"""Score a model on scenes with a ground truth, at the scenes' own size."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from napari_uhrnet.datasets.masks import Strays, Truth, open_truth
from napari_uhrnet.engine.segment import segmented
from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.scoring.boundary import DEFAULT_TOLERANCE, Tolerance
from napari_uhrnet.evaluation.scoring.counts import SceneCounts, count_blocks
from napari_uhrnet.evaluation.scoring.truth_pairs import TruthPair, check_sizes
from napari_uhrnet.geometry.mapping import ClassMapping
from napari_uhrnet.scene.open import open_scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.metrics import Unknown
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.scene.base import Scene


@dataclass(frozen=True)
class Settings:
    """How scores are counted. ``views``: 1, or 4 or 8 that are averaged (see `tta`)."""

    unknown: Unknown = "count"
    tolerance: Tolerance = DEFAULT_TOLERANCE
    views: int = 1


@dataclass(frozen=True)
class Evaluated:
    """A scene that was counted; ``scene``, ``truth`` and ``labels`` are open until the next one.

    ``labels[branch](window)`` gives the (h, w) uint8 ids, in the ground truth's class table, of a
    window of level-0 pixels.
    """

    counts: SceneCounts
    scene: Scene
    truth: Truth
    labels: dict[str, Callable[[Window], NDArray[np.uint8]]]


def evaluate(
    pairs: Iterable[TruthPair],
    model: LoadedModel,
    truth_classes: ClassTable,
    settings: Settings | None = None,
    progress: Callable[[TruthPair, int, int], None] | None = None,
) -> Iterator[Evaluated]:
    """Segment each scene through the engine; count each branch's pixels against the ground truth.

    The model's classes are mapped to the ground truth's by name. ``progress`` is called with the
    pair, the steps done and all steps. Raises UserError for files that do not fit each other; where
    sizes differ, before the first scene is segmented.
    """
    pairs, settings = list(pairs), settings or Settings()
    mapping = mapping_to(model, truth_classes)
    check_sizes(pairs)
    for pair in pairs:
        advance = None if progress is None else partial(progress, pair)
        with (
            open_truth(pair.mask, truth_classes) as truth,
            open_scene(pair.image, pair.pixel_size_m) as scene,
        ):
            check_truth(truth, truth_classes)
            with predicted(scene, model, settings.views, advance) as read:
                labels = {b: _mapped(read, mapping, b) for b in model.branches}
                used_m = scene.pixel_size_m or model.card.pixel_size_m
                counted = count_blocks(
                    scene.shape_yx,
                    truth.read,
                    labels,
                    truth_classes,
                    settings.unknown,
                    settings.tolerance.px(used_m),
                )
                counts = SceneCounts(pair, scene.pixel_size_m, counted)
                yield Evaluated(counts, scene, truth, labels)


def mapping_to(model: LoadedModel, truth_classes: ClassTable) -> ClassMapping:
    """From the model's ids to the masks'; UserError if they have no class name in common."""
    mapping = ClassMapping(model.classes, truth_classes)
    if len(mapping.unmatched) == len(model.classes.classes):
        raise UserError(
            f"model {model.name}: none of its classes ({', '.join(mapping.unmatched)}) is in the "
            f"class table {truth_classes.name!r} of the ground truth: choose another table or model"
        )
    return mapping


def check_truth(truth: Truth, classes: ClassTable) -> None:
    """UserError if a mask holds a class outside of the table; few stray colours are no class."""
    strays = Strays(truth)
    for window in truth.blocks():
        strays.add(truth.read_counted(window))
    strays.check(classes)


@contextmanager
def predicted(
    scene: Scene,
    model: LoadedModel,
    views: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Callable[[str, Window], NDArray[np.uint8]]]:
    """Segment a scene; gives a function of branch and level-0 window to the model's ids."""
    if views > 1:
        from napari_uhrnet.evaluation.scoring.tta import averaged

        with averaged(scene, model, views, progress) as mean:
            yield mean.read
        return
    advance = None if progress is None else lambda p: progress(p.patches_done, p.patches_total)
    with segmented(scene, model, progress=advance) as done:
        yield lambda branch, window: replace(done, branch=branch).read(window)


def _mapped(
    read: Callable[[str, Window], NDArray[np.uint8]], mapping: ClassMapping, branch: str
) -> Callable[[Window], NDArray[np.uint8]]:
    return lambda window: mapping.apply(read(branch, window))
