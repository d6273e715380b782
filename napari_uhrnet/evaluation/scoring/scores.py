"""From counts to scores: of every branch, of each folder, of single scenes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.evaluation.scoring.boundary import boundary_f1
from napari_uhrnet.evaluation.scoring.counts import summed
from napari_uhrnet.geometry.metrics import known_rows, scores_of
from napari_uhrnet.models.base.trained_on import image_key, keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_uhrnet.evaluation.scoring.counts import BranchCounts, SceneCounts
    from napari_uhrnet.evaluation.scoring.evaluate import Settings
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.metrics import Unknown
    from napari_uhrnet.models.registry import LoadedModel

DETAILS = "details"
"""The one key of the scores that is no branch."""

_RULES = {
    "count": "pixels of unknown ground truth count: a class predicted there is a false "
    "positive (GLNet)",
    "ignore": "pixels of unknown ground truth are left out",
}


def branch_scores(counts: BranchCounts, classes: ClassTable, unknown: Unknown) -> dict[str, Any]:
    """miou, accuracy, iou, majority, boundary_f1 (None: no boundary to meet) and confusion.

    ``boundary_f1`` has a value per class and their "mean"; ``confusion`` is (K, K + 1) as of
    `Confusion.among`.
    """
    found = scores_of(counts.pairs, classes, unknown)
    f1 = boundary_f1(counts.boundary)
    known = known_rows(classes)
    values = {classes.classes[k].name: _number(f1[k]) for k in known}
    met = [v for v in values.values() if v is not None]
    return {
        **found.to_dict(),
        "majority": found.majority,
        "boundary_f1": {"mean": float(np.mean(met)) if met else None, "classes": values},
        "confusion": counts.pairs.tolist(),
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def is_by_area(scenes: Sequence[SceneCounts]) -> bool:
    """Whether pixels are weighted by their ground area: only if it is known of all of them."""
    return all(scene.pixel_size_m is not None for scene in scenes)


def all_scores(
    scenes: Sequence[SceneCounts], model: LoadedModel, classes: ClassTable, settings: Settings
) -> dict[str, Any]:
    """What the JSON holds: the scores of each branch over all pixels of all scenes, and details."""
    by_area = is_by_area(scenes)

    def of(some: Sequence[SceneCounts]) -> dict[str, Any]:
        total = summed(some, by_area=by_area)
        return {b: branch_scores(c, classes, settings.unknown) for b, c in total.items()}

    folders = dict.fromkeys(scene.pair.folder for scene in scenes)
    parts = {name: [s for s in scenes if s.pair.folder == name] for name in folders}
    details = {
        "model": model.name,
        "checkpoint": model.hash,
        "scenes": len(scenes),
        "classes": [c.name for c in classes.classes],
        "unknown": settings.unknown,
        "weights": "m2" if by_area else "px",
        "boundary_tolerance": str(settings.tolerance),
        "views": settings.views,
        "notes": notes(scenes, model, classes, settings),
        "folders": {name: {"scenes": len(some), **of(some)} for name, some in parts.items()},
    }
    return {**of(scenes), DETAILS: details}


def notes(
    scenes: Sequence[SceneCounts], model: LoadedModel, classes: ClassTable, settings: Settings
) -> list[str]:
    """Sentences to print with the scores: the rules they were counted by."""
    found = [_RULES[settings.unknown]]
    unsized = [scene for scene in scenes if scene.pixel_size_m is None]
    if unsized:
        found.append(
            f"{len(unsized)} of {len(scenes)} scenes have no pixel size: the checkpoint's "
            f"{model.card.pixel_size_m:g} m is assumed, and pixels are not weighted by area"
        )
    elif len({scene.pixel_size_m for scene in scenes}) > 1:
        found.append("pixels are weighted by their ground area")
    if settings.views > 1:
        found.append(f"shares of {settings.views} views (turned or mirrored scenes) are averaged")
    found.append(f"boundary F1: classes meet within {settings.tolerance}")
    known = keys(model.card.trained_on)
    seen = sum(image_key(scene.pair.image) in known for scene in scenes) if known else 0
    if seen:
        found.append(
            f"{seen} of {len(scenes)} scenes were trained on: expect lower scores on new ones"
        )
    return found + _class_notes(model, classes)


def _class_notes(model: LoadedModel, classes: ClassTable) -> list[str]:
    """Classes of one table that the other lacks."""
    ours = {c.name for c in model.classes.classes if not c.ignore}
    theirs = {c.name for c in classes.classes if not c.ignore}
    texts = (
        ("classes of the ground truth that the model lacks", theirs - ours),
        ("classes of the model that the ground truth lacks, counted as wrong", ours - theirs),
    )
    return [f"{text}: {', '.join(sorted(names))}" for text, names in texts if names]


def scene_rows(
    scenes: Sequence[SceneCounts], classes: ClassTable, unknown: Unknown
) -> list[dict[str, Any]]:
    """A row for each branch of each scene; IoU is "" for a class that neither side holds.

    ``miou`` is over the classes that occur in the scene.
    """
    rows = []
    for scene in scenes:
        for branch, counts in scene.branches.items():
            found = branch_scores(counts, classes, unknown)
            iou: dict[str, float] = found["iou"]
            there = {name: v for name, v in iou.items() if _occurs(counts, classes, name)}
            rows.append(
                {
                    "folder": scene.pair.folder,
                    "scene": scene.pair.name,
                    "pixel_size_m": scene.pixel_size_m or "",
                    "branch": branch,
                    "accuracy": found["accuracy"],
                    "miou": float(np.mean(list(there.values()))) if there else "",
                    "boundary_f1": found["boundary_f1"]["mean"],
                    **{name: there.get(name, "") for name in iou},
                }
            )
    return rows


def _occurs(counts: BranchCounts, classes: ClassTable, name: str) -> bool:
    """Whether a class is in the ground truth, or predicted where that is known."""
    k = [c.name for c in classes.classes].index(name)
    known = known_rows(classes)
    return bool(counts.pairs[k].any() or counts.pairs[known, k].any())
