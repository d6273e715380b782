"""Write what a comparison found into a folder: a page, tables and numbers."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from napari_uhrnet import harmless
from napari_uhrnet.errors import UserError
from napari_uhrnet.store.files.beside import check_parent, written_beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from napari_uhrnet.evaluation.comparison.comparison import Comparison
    from napari_uhrnet.evaluation.comparison.disagreements import Regions
    from napari_uhrnet.scene.base import Scene

PAGE, NUMBERS = "report.html", "compare.json"
TABLES = ("classes.csv", "confusion.csv", "regions.csv")


def check_report_folder(folder: Path) -> None:
    """UserError unless a report can be put there; to be asked before the work is done.

    A report may replace another one, and nothing else.
    """
    folder = folder.absolute()
    check_parent(folder)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UserError(f"{folder}: this is a file: give the name of a folder")
    there = {path.name for path in folder.iterdir()}
    if there and (NUMBERS not in there or there - {PAGE, NUMBERS, *TABLES}):
        raise UserError(
            f"{folder}: holds other files than a report of a comparison: give a new or empty folder"
        )


def write_report(
    folder: Path, found: Comparison, regions: Regions, scene: Scene, made_at: datetime
) -> None:
    """Write ``report.html``, ``compare.json`` and CSV tables into a folder.

    The folder appears when it is whole; a report that was there is replaced then.
    """
    check_report_folder(folder)
    from napari_uhrnet.engine.passes.reading import read_inference
    from napari_uhrnet.evaluation.comparison.report_page import report_page

    image = read_inference(scene, found.maps.grid, found.maps.window)
    html = report_page(found, regions, scene, image, made_at)
    with written_beside(folder.absolute()) as beside:
        beside.mkdir()
        (beside / PAGE).write_text(html, encoding="utf-8")
        text = json.dumps(found.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
        (beside / NUMBERS).write_text(text + "\n", encoding="utf-8")
        for name, rows in zip(
            TABLES, (_classes(found), _confusion(found), _regions(found, regions)), strict=True
        ):
            with (beside / name).open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(harmless.row(row) for row in rows)


def _classes(found: Comparison) -> Iterator[Sequence[Any]]:
    scores = found.scores
    areas = {name: area.to_dict() for name, area in found.areas.items()}
    truth_columns = [] if scores is None else ["a_truth_iou", "b_truth_iou"]
    yield ["class", "iou", *next(iter(areas.values())), *truth_columns]
    for name, area in areas.items():
        against = [] if scores is None else [s.iou[name] for s in scores]
        yield [name, found.iou[name], *area.values(), *against]


def _confusion(found: Comparison) -> Iterator[Sequence[Any]]:
    yield ["a_down_b_across", *found.names]
    for name, row in zip(found.names, found.confusion.tolist(), strict=True):
        yield [name, *row]


def _regions(found: Comparison, regions: Regions) -> Iterator[Sequence[Any]]:
    names = found.classes.names
    yield ["a", "b", "size_px", "y", "x", "height", "width", "point_y", "point_x"]
    for r in regions.largest:
        w = r.window
        yield [names[r.a], names[r.b], r.size_px, w.y, w.x, w.height, w.width, *r.point_yx]
