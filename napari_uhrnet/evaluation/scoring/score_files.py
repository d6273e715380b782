"""Scores as files: JSON, a Markdown table, a row per scene, the confusion matrix as a picture."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet import harmless
from napari_uhrnet.evaluation.scoring.scores import DETAILS
from napari_uhrnet.extras import needs
from napari_uhrnet.store.files.beside import written_beside

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def write_json(path: Path, scores: dict[str, Any]) -> None:
    """The scores, whole or not at all."""
    _write(path, json.dumps(scores, indent=2) + "\n")


def write_markdown(path: Path, scores: dict[str, Any]) -> None:
    """The table of `markdown`."""
    _write(path, markdown(scores))


def write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Rows of `scores.scene_rows`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(harmless.row(rows[0]))
    writer.writerows(harmless.row(row.values()) for row in rows)
    _write(path, text.getvalue())


def _write(path: Path, text: str) -> None:
    with written_beside(path) as part:
        part.write_text(text, encoding="utf-8", newline="")


def markdown(scores: dict[str, Any]) -> str:
    """A table of branches and classes for all scenes, one for each of several folders, notes."""
    details = scores[DETAILS]
    parts = [f"# Scores of {details['model']}", "", *_table(scores), ""]
    if len(details["folders"]) > 1:
        for name, some in details["folders"].items():
            parts += [f"## {name}: {some['scenes']} scenes", "", *_table(some), ""]
    parts += [f"{details['scenes']} scenes.", "", *(f"- {note}" for note in details["notes"])]
    return "\n".join(parts) + "\n"


def _table(scores: dict[str, Any]) -> list[str]:
    branches = {b: s for b, s in scores.items() if isinstance(s, dict) and "miou" in s}
    names = list(next(iter(branches.values()))["iou"])
    heads = ["branch", "mIoU", "accuracy", "boundary F1", *(f"IoU {n}" for n in names)]
    lines = [f"| {' | '.join(heads)} |", f"|---{'|---:' * (len(heads) - 1)}|"]
    for branch, found in branches.items():
        values = [found["miou"], found["accuracy"], found["boundary_f1"]["mean"]]
        values += [found["iou"][n] for n in names]
        shown = ["-" if v is None else f"{v:.3f}" for v in values]
        lines.append(f"| {branch} | {' | '.join(shown)} |")
    return lines


def write_confusion(path: Path, scores: dict[str, Any]) -> None:
    """A PNG with a matrix per branch; each row, a true class, adds up to 1.

    Raises UserError without matplotlib.
    """
    needs("matplotlib", "report", "drawing a confusion matrix")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    branches = [b for b in scores if b != DETAILS]
    names = scores[DETAILS]["classes"]
    side = 1.5 + 0.55 * len(names)
    figure = Figure(figsize=(side * len(branches), side), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(branches), squeeze=False)[0]
    for axis, branch in zip(axes, branches, strict=True):
        _draw(axis, row_shares(np.array(scores[branch]["confusion"])), names)
        axis.set_title(branch)
    with written_beside(path) as part:
        figure.savefig(part, format="png", bbox_inches="tight")


def row_shares(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, K + 1) counts with rows that add up to 1; rows of a class that never occurs are NaN."""
    total = counts.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = np.full(counts.shape, np.nan)
    np.divide(counts, total, out=shares, where=total > 0)
    return shares


def _draw(axis: Any, shares: NDArray[np.float64], names: list[str]) -> None:
    columns = [*names, "other"] if np.nansum(shares[:, -1]) > 0 else names
    shares = shares[:, : len(columns)]
    axis.imshow(shares, vmin=0, vmax=1, cmap="Blues", aspect="equal")
    axis.set_xticks(range(len(columns)), columns, rotation=60, ha="right", fontsize=8)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_xlabel("predicted")
    axis.set_ylabel("ground truth")
    for (row, column), share in np.ndenumerate(shares):
        if not np.isnan(share):
            colour = "white" if share > 0.5 else "black"
            axis.text(column, row, f"{share:.2f}", ha="center", va="center", size=7, color=colour)
