"""The counts of a run's scenes, kept so that scoring can resume and runs can be compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.scoring.counts import BranchCounts, SceneCounts
from napari_uhrnet.store.files.disk import disk_errors, write_whole
from napari_uhrnet.strict_json import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from napari_uhrnet.evaluation.scoring.truth_pairs import TruthPair

COUNTS = "counts.json"
MAX_COUNTS_BYTES = 256 * 2**20


def write_counts(folder: Path, scenes: Iterable[SceneCounts]) -> None:
    """Counts of scenes, whole or not at all."""
    rows = [
        {
            "folder": scene.pair.folder,
            "scene": scene.pair.name,
            "pixel_size_m": scene.pixel_size_m,
            "branches": {
                branch: {"pairs": counts.pairs.tolist(), "boundary": counts.boundary.tolist()}
                for branch, counts in scene.branches.items()
            },
        }
        for scene in scenes
    ]
    with disk_errors(folder, "the run", "choose another --out"):
        write_whole(folder / COUNTS, (json.dumps(rows) + "\n").encode())


def read_counts(folder: Path, pairs: Sequence[TruthPair]) -> list[SceneCounts]:
    """Those of the pairs that were counted, in the order of the pairs."""
    path = folder / COUNTS
    if not path.exists():
        return []
    try:
        rows = read_json(path, MAX_COUNTS_BYTES)
        known = {(row["folder"], row["scene"]): row for row in rows}
        return [
            _scene(pair, known[pair.folder, pair.name])
            for pair in pairs
            if (pair.folder, pair.name) in known
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: holds no counts ({error}): delete it") from None


def _scene(pair: TruthPair, row: dict[str, Any]) -> SceneCounts:
    branches = {
        branch: BranchCounts(np.array(found["pairs"]), np.array(found["boundary"]))
        for branch, found in row["branches"].items()
    }
    return SceneCounts(pair, row["pixel_size_m"], branches)
