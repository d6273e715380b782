"""Two networks, trained alike with several seeds, compared on the same scenes, with intervals.

``python -m napari_uhrnet.evaluation.scoring.paired --help``
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_uhrnet.errors import UserError, exit_on_bad_input
from napari_uhrnet.evaluation.scoring.bootstrap import miou_interval
from napari_uhrnet.evaluation.scoring.counts import summed
from napari_uhrnet.evaluation.scoring.evaluate import evaluate
from napari_uhrnet.evaluation.scoring.scores import branch_scores
from napari_uhrnet.evaluation.scoring.val_set import SETTINGS, val_pairs
from napari_uhrnet.models.registry import load_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.evaluation.scoring.counts import SceneCounts
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.metrics import Unknown

ALL = "all"


def read_groups(path: Path) -> dict[str, str]:
    """Groups by scene: of the columns ``id`` and ``group`` of a CSV file.

    Raises UserError if it has no such columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read as a CSV table ({error})") from None
    if not rows or not {"id", "group"} <= set(rows[0]):
        raise UserError(f"{path}: needs the columns id and group, and a row for each scene")
    return {row["id"]: row["group"] for row in rows}


def paired(
    a: Sequence[Sequence[SceneCounts]],
    b: Sequence[Sequence[SceneCounts]],
    classes: ClassTable,
    unknown: Unknown,
    groups: Mapping[str, str],
) -> dict[str, Any]:
    """The mIoU of B minus A's: for all scenes together and for each folder.

    Parameters
    ----------
    a, b
        For each seed the counts of the same scenes; the pixel size of all scenes is known.
    groups
        The group of a scene by its name; a scene that is not listed is a separate group.

    Returns
    -------
    For each part: ``a`` and ``b`` (mIoU of each seed's final prediction), ``difference`` of the
    counts summed over seeds, and its 95 % interval ``low`` and ``high`` over ``groups`` groups
    (None for fewer than two). In 0..1.
    """
    folders = dict.fromkeys(scene.pair.folder for scene in a[0])
    found = {}
    for part in (ALL, *folders):
        ours, theirs = ([_of(scenes, part) for scenes in runs] for runs in (a, b))
        found[part] = {
            "a": [_miou(scenes, classes, unknown) for scenes in ours],
            "b": [_miou(scenes, classes, unknown) for scenes in theirs],
            **_interval(ours, theirs, classes, unknown, groups),
        }
    return found


def _of(scenes: Sequence[SceneCounts], part: str) -> list[SceneCounts]:
    return [scene for scene in scenes if part in (ALL, scene.pair.folder)]


def _miou(scenes: Sequence[SceneCounts], classes: ClassTable, unknown: Unknown) -> float:
    fused = summed(scenes, by_area=True)["fused"]
    return float(branch_scores(fused, classes, unknown)["miou"])


def _interval(
    a: Sequence[Sequence[SceneCounts]],
    b: Sequence[Sequence[SceneCounts]],
    classes: ClassTable,
    unknown: Unknown,
    groups: Mapping[str, str],
) -> dict[str, Any]:
    ours, theirs = _grouped(a, groups), _grouped(b, groups)
    if len(ours) < 2:
        return {"difference": None, "low": None, "high": None, "groups": len(ours)}
    found = miou_interval(ours, theirs, classes, unknown)
    return {
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "groups": found.groups,
    }


def _grouped(
    runs: Sequence[Sequence[SceneCounts]], groups: Mapping[str, str]
) -> dict[str, list[NDArray[np.float64]]]:
    """Counts on the ground by group."""
    found: dict[str, list[NDArray[np.float64]]] = {}
    for scenes in runs:
        for scene in scenes:
            assert scene.pixel_size_m is not None
            counts = scene.branches["fused"].on_ground(scene.pixel_size_m)
            group = groups.get(scene.pair.name, f"{scene.pair.folder}/{scene.pair.name}")
            found.setdefault(group, []).append(counts.pairs)
    return found


def table(found: Mapping[str, Mapping[str, Any]], a: str, b: str) -> str:
    """Markdown, in percent."""
    lines = [
        f"| scenes | {a}: mIoU of each seed | {b}: mIoU of each seed | difference (95 %) |",
        "|---|---|---|---|",
    ]
    for part, result in found.items():
        seeds = (", ".join(f"{100 * v:.1f}" for v in result[key]) for key in ("a", "b"))
        gap = "-"
        if result["difference"] is not None:
            gap, low, high = (f"{100 * result[k]:+.1f}" for k in ("difference", "low", "high"))
            gap = f"{gap} ({low} to {high}; {result['groups']} groups)"
        lines.append(f"| {part} | {' | '.join(seeds)} | {gap} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Score checkpoints on the val part of the development split, and compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--a", nargs="+", required=True, help="checkpoints, one for each seed")
    parser.add_argument("--b", nargs="+", required=True, help="the same of the other network")
    parser.add_argument("--data", type=Path, required=True, help="folder of the DeepGlobe sets")
    parser.add_argument("--split", type=Path, required=True, help="JSON with train and val")
    parser.add_argument("--groups", type=Path, required=True, help="CSV with id and group")
    parser.add_argument("--json", type=Path, help="write what was found")
    options = parser.parse_args()
    pairs, classes = val_pairs(options.data, options.split)
    groups = read_groups(options.groups)
    a, b = (
        [[s.counts for s in evaluate(pairs, load_model(m), classes, SETTINGS)] for m in models]
        for models in (options.a, options.b)
    )
    found = paired(a, b, classes, SETTINGS.unknown, groups)
    print(table(found, load_model(options.a[0]).name, load_model(options.b[0]).name), end="")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with exit_on_bad_input():
        main()
