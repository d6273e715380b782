"""From the finished runs of a reproduction to the paper's tables, as plain values."""

from __future__ import annotations

from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from napari_uhrnet.evaluation.reproduce.counts import read_counts
from napari_uhrnet.evaluation.reproduce.one_run import (
    is_finished,
    read_scores,
    read_seconds,
    run_folder,
)
from napari_uhrnet.evaluation.reproduce.paper_tables import ABLATION, SOURCE, Published, orders
from napari_uhrnet.evaluation.reproduce.rows import stages_of
from napari_uhrnet.evaluation.scoring.bootstrap import miou_interval
from napari_uhrnet.evaluation.scoring.scores import DETAILS, is_by_area

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.evaluation.reproduce.rows import Row, Scale
    from napari_uhrnet.evaluation.reproduce.settings import ReproduceData, ReproduceSettings
    from napari_uhrnet.evaluation.scoring.counts import SceneCounts

TOGETHER = "all"
"""The part that holds the scenes of all folders."""
DIFFERENCES = (
    ("local", "local-llf"),
    ("local-itself", "local-llf"),
    ("both", "both-llf"),
    ("both-itself", "both-llf"),
    ("average", "both"),
)
"""Rows of the ablation that are compared scene by scene: without a part, and with it."""


def tables(
    out: Path,
    rows: Sequence[Row],
    seeds: int,
    scale: Scale,
    settings: ReproduceSettings,
    data: ReproduceData,
) -> dict[str, Any]:
    """What ``tables.json`` holds: rows, published orders and differences; mIoU in %."""
    parts = _parts(data)
    found = [_row(out, row, seeds, parts) for row in rows]
    return {
        "source": SOURCE,
        "settings": settings.model_dump(mode="json"),
        "scored_part": data.part,
        "scenes": {part: _count(data, part) for part in parts},
        "seeds": seeds,
        "matched": matched(scale, rows, settings.steps),
        "rows": found,
        "orders": [_order(found, parts, *order) for order in orders() if _asked(rows, order[0])],
        "differences": [
            _difference(out, rows, pair, seeds, settings, data, parts)
            for pair in DIFFERENCES
            if _asked(rows, "ablation")
        ],
    }


def matched(scale: Scale, rows: Sequence[Row], steps: int) -> str:
    """Sentences: what all rows have in common, and what they share."""
    crops = scale.settings.get("crops", 3)
    whole = scale.settings.get("whole_share", 0.3)
    side = scale.settings.get("crop_px", 2 * scale.uhrnet.patch_px)
    views = f"{crops} views of {side} px"
    if whole:
        views += f" (in {whole:.0%} of steps one view of up to {scale.uhrnet.frame_px} px)"
    shared = ""
    after = [row for row in rows if row.branches is not None]
    if after:
        last = sum(stage["steps"] for stage in stages_of(scale, after[0], steps))
        shared = (
            f" Of a UHRNet with a fusion the first {steps - last} steps train everything but local "
            f"fusion, the last {last} the fusions alone, with the branches frozen: rows with the "
            "same branches and read-out share those first steps, and differ in their fusions only."
        )
    return (
        f"Every row has {steps} optimiser steps in all of its stages together, each on {views}; "
        "rows of the same seed see the same views in the same stage." + shared + " Operations, "
        "memory and seconds are not matched."
    )


def _parts(data: ReproduceData) -> list[str]:
    """All scenes together, and each folder if there is more than one."""
    folders = list(dict.fromkeys(pair.folder for pair in data.pairs))
    return [TOGETHER, *folders] if len(folders) > 1 else [TOGETHER]


def _count(data: ReproduceData, part: str) -> int:
    return sum(part in (TOGETHER, pair.folder) for pair in data.pairs)


def _asked(rows: Sequence[Row], table: str) -> bool:
    return any(row.table == table for row in rows)


def _finished(out: Path, row: Row, seeds: int) -> list[int]:
    return [seed for seed in range(seeds) if is_finished(run_folder(out, row.run, seed), row)]


def _row(out: Path, row: Row, seeds: int, parts: Sequence[str]) -> dict[str, Any]:
    """A row: each seed's mIoU by part and branch, their mean and spread, and seconds."""
    by_seed = {}
    seconds = []
    for seed in _finished(out, row, seeds):
        folder = run_folder(out, row.run, seed)
        by_seed[str(seed)] = _miou(read_scores(folder), parts)
        seconds.append(_seconds(out, row, seed))
    measured: dict[str, dict[str, Any]] = {part: {} for part in parts}
    for part in parts if by_seed else ():
        for branch in next(iter(by_seed.values()))[part]:
            measured[part][branch] = _spread([found[part][branch] for found in by_seed.values()])
    return {
        "table": row.table,
        "key": row.key,
        "title": row.title,
        "column": row.column,
        "run": row.run,
        "published": row.published,
        "seeds": by_seed,
        "measured": measured,
        "seconds": {k: mean(s[k] for s in seconds) for k in ("training", "scoring")}
        if seconds
        else None,
    }


def _seconds(out: Path, row: Row, seed: int) -> dict[str, float]:
    """Of training, that of its branches included, and of scoring."""
    found = read_seconds(run_folder(out, row.run, seed))
    if row.branches is not None:
        found["training"] += read_seconds(run_folder(out, row.branches.run, seed))["training"]
    return found


def _miou(scores: dict[str, Any], parts: Sequence[str]) -> dict[str, dict[str, float]]:
    """Percentages by part and branch."""
    whole = {branch: found for branch, found in scores.items() if branch != DETAILS}
    folders = scores[DETAILS]["folders"]
    return {
        part: {
            branch: 100 * found["miou"]
            for branch, found in (whole if part == TOGETHER else folders[part]).items()
            if isinstance(found, dict)
        }
        for part in parts
    }


def _spread(values: Sequence[float]) -> dict[str, Any]:
    """Mean and standard deviation (of a sample; None of one value)."""
    return {
        "mean": mean(values),
        "sd": stdev(values) if len(values) > 1 else None,
        "seeds": len(values),
    }


def _order(
    rows: Sequence[dict[str, Any]],
    parts: Sequence[str],
    table: str,
    lower: Published,
    higher: Published,
) -> dict[str, Any]:
    """Whether a published order is found: of the means over the seeds that both rows have."""
    low, high = (_find(rows, table, p) for p in (lower, higher))
    common = [seed for seed in low["seeds"] if seed in high["seeds"]]
    found = {}
    for part in parts if common else ():
        gaps = [high["seeds"][s][part]["fused"] - low["seeds"][s][part]["fused"] for s in common]
        found[part] = {**_spread(gaps), "holds": mean(gaps) > 0}
    return {
        "table": table,
        "lower": name_of(low),
        "higher": name_of(high),
        "published": round(higher.miou - lower.miou, 1),
        "parts": found,
    }


def _find(rows: Sequence[dict[str, Any]], table: str, p: Published) -> dict[str, Any]:
    wanted = (table, p.key, p.column)
    return next(row for row in rows if (row["table"], row["key"], row["column"]) == wanted)


def name_of(row: dict[str, Any]) -> str:
    """A row's title, with its column."""
    return f"{row['title']} ({row['column']})" if row["column"] else str(row["title"])


def _difference(
    out: Path,
    rows: Sequence[Row],
    pair: tuple[str, str],
    seeds: int,
    settings: ReproduceSettings,
    data: ReproduceData,
    parts: Sequence[str],
) -> dict[str, Any]:
    """The difference of two rows in points of mIoU, and its interval over scenes.

    The counts of a scene are summed over the seeds that both rows have.
    """
    lower, higher = (
        next(row for row in rows if row.table == "ablation" and row.key == key) for key in pair
    )
    there = set(_finished(out, higher, seeds))
    common = [seed for seed in _finished(out, lower, seeds) if seed in there]
    scored = [
        [read_counts(run_folder(out, row.run, seed), data.pairs) for seed in common]
        for row in (lower, higher)
    ]
    found = {}
    for part in parts if common else ():
        groups = [_groups(runs, part) for runs in scored]
        if len(groups[0]) > 1:
            interval = miou_interval(groups[0], groups[1], data.table, settings.unknown)
            found[part] = {
                "difference": 100 * interval.difference,
                "low": 100 * interval.low,
                "high": 100 * interval.high,
                "level": interval.level,
                "scenes": interval.groups,
            }
    return {
        "without": lower.title,
        "with": higher.title,
        "published": _published_gap(*pair),
        "seeds": len(common),
        "parts": found,
    }


def _groups(runs: Sequence[Sequence[SceneCounts]], part: str) -> dict[str, list[NDArray[Any]]]:
    """Counts of the final prediction, for each scene one of each seed."""
    groups: dict[str, list[NDArray[Any]]] = {}
    for scenes in runs:
        by_area = is_by_area(scenes)
        for scene in scenes:
            if part not in (TOGETHER, scene.pair.folder):
                continue
            counts = scene.branches["fused"]
            if by_area and scene.pixel_size_m is not None:
                counts = counts.on_ground(scene.pixel_size_m)
            groups.setdefault(f"{scene.pair.folder}/{scene.pair.name}", []).append(counts.pairs)
    return groups


def _published_gap(without: str, with_it: str) -> float | None:
    known = {p.key: p.miou for p in ABLATION}
    if without not in known or with_it not in known:
        return None
    return round(known[with_it] - known[without], 1)
