"""The report of a comparison as one HTML page that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from napari_uhrnet.evaluation.comparison.report_figures import (
    areas_uri,
    confusion_uri,
    differing_uri,
    labels_uri,
    photo_uri,
)
from napari_uhrnet.evaluation.comparison.report_markup import figure, page, section, swatches, table

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.evaluation.comparison.comparison import Comparison
    from napari_uhrnet.evaluation.comparison.disagreements import Regions
    from napari_uhrnet.scene.base import Scene

LISTED_REGIONS = 25
_KM2_FROM_M2 = 1e6


def report_page(
    found: Comparison,
    regions: Regions,
    scene: Scene,
    image: tuple[NDArray[np.uint8], NDArray[np.bool_]],
    made_at: datetime,
) -> str:
    """The page; ``image`` is the scene on the grid of the maps, RGB and valid."""
    parts = [
        _summary(found, scene, made_at),
        _pictures(found, image),
        _classes(found),
        _truth(found),
        _confusions(found),
        _regions(found, regions),
    ]
    return page(f"Comparison on {scene.name}", "".join(parts))


def _summary(found: Comparison, scene: Scene, made_at: datetime) -> str:
    height, width = scene.shape_yx
    size_m, place = found.pixel_size_m, found.area.window
    rows = [
        ["Scene", f"{scene.name}, {width} x {height} px (width x height)"],
        ["Compared", f"rows {place.y} to {place.bottom}, columns {place.x} to {place.right}"],
        ["A", found.a.title],
        ["B", found.b.title],
        ["Truth", found.truth.title if found.truth else "none"],
        ["Pixel size", "unknown: areas are given in pixels" if size_m is None else f"{size_m:g} m"],
        ["Made", f"{made_at:%Y-%m-%d %H:%M}"],
    ]
    if found.area.polygon is not None:
        rows[1][1] += f", in a polygon of {len(found.area.polygon.vertices_yx)} vertices"
    for letter, result in (("A", found.a), ("B", found.b), ("truth", found.truth)):
        if result is not None and result.unmatched:
            lost = f"{', '.join(result.unmatched)}: not in the class table, count as no class"
            rows.append([f"Left out of {letter}", lost])
    counted_px = int(found.confusion.sum())
    share = (
        f'<p class="share">A and B agree on <strong>{found.agreement:.1%}</strong> '
        f"of the {counted_px:,} pixels to which both give a class.</p>"
    )
    return share + table([], rows, heads=True)


def _pictures(found: Comparison, image: tuple[NDArray[np.uint8], NDArray[np.bool_]]) -> str:
    view = found.maps
    shown = [
        ("Image", photo_uri(*image)),
        (f"A: {found.a.title}", labels_uri(view.a, found.classes)),
        (f"B: {found.b.title}", labels_uri(view.b, found.classes)),
        ("Difference: the redder, the more pixels differ", differing_uri(view.differing)),
    ]
    if found.truth is not None:
        shown.append((f"Truth: {found.truth.title}", labels_uri(view.truth, found.classes)))
    figures = "".join(figure(uri, text) for text, uri in shown)
    legend = swatches([(c.name, c.rgb) for c in found.classes.classes])
    return section("Maps", f'<div class="maps">{figures}</div>{legend}')


def _classes(found: Comparison) -> str:
    unit, factor = area_unit(found)
    rows, a, b = [], [], []
    for name, area in found.areas.items():
        a.append(area.a_px * factor)
        b.append(area.b_px * factor)
        there = area.a_px or area.b_px
        iou = f"{found.iou[name]:.3f}" if there else "in neither"
        difference = b[-1] - a[-1]
        rows.append([name, iou, *(_amount(v, unit) for v in (a[-1], b[-1], difference))])
    head = ["Class", "IoU of A and B", *(f"{text} [{unit}]" for text in ("A", "B", "B - A"))]
    chart = figure(areas_uri(a, b, found.names, unit), "Area per class")
    numbers = table(head, rows, heads=True)
    return section("Classes", f'{numbers}<div class="charts">{chart}</div>')


def area_unit(found: Comparison) -> tuple[str, float]:
    """The unit in which areas are told, and how much of it a pixel is."""
    if found.pixel_size_m is None:
        return "px", 1.0
    pixel_m2 = found.pixel_size_m**2
    if found.area.window.area_px * pixel_m2 < _KM2_FROM_M2:
        return "m²", pixel_m2
    return "km²", pixel_m2 / _KM2_FROM_M2


def _amount(value: float, unit: str) -> str:
    return f"{value:,.3f}" if unit == "km²" else f"{value:,.0f}"


def _truth(found: Comparison) -> str:
    if found.scores is None:
        return ""
    a, b = found.scores
    rows = [
        ["mean IoU", f"{a.miou:.3f}", f"{b.miou:.3f}"],
        ["pixel accuracy", f"{a.accuracy:.3f}", f"{b.accuracy:.3f}"],
        *([f"IoU of {n}", f"{a.iou[n]:.3f}", f"{b.iou[n]:.3f}"] for n in found.names),
    ]
    note = (
        f"<p>Always saying the commonest class would have an accuracy of {a.majority:.3f}. "
        "Pixels whose truth is unknown do not count; a class that is nowhere counts as IoU 0.</p>"
    )
    return section("Against the truth", table(["", "A", "B"], rows, heads=True) + note)


def _confusions(found: Comparison) -> str:
    matrices = [(found.confusion, "A", "B")]
    if found.truth is not None:
        matrices += [(found.truth_confusion(k), "truth", name) for k, name in enumerate("AB")]
    figures = "".join(
        figure(confusion_uri(m, found.names, row, column), f"{row} (rows) and {column} (columns)")
        for m, row, column in matrices
    )
    counts = [
        [name, *(f"{n:,}" for n in row)]
        for name, row in zip(found.names, found.confusion.tolist(), strict=True)
    ]
    numbers = table(["px, A down, B across", *found.names], counts, heads=True)
    return section("Confusion", f'<div class="charts">{figures}</div>{numbers}')


def _regions(found: Comparison, regions: Regions) -> str:
    names, (unit, factor) = found.classes.names, area_unit(found)
    rows = [
        [
            str(number),
            names[r.a],
            names[r.b],
            f"{r.size_px:,}",
            *([] if unit == "px" else [_amount(r.size_px * factor, unit)]),
            f"{r.window.y}, {r.window.x}, {r.window.height}, {r.window.width}",
            f"{r.point_yx[0]}, {r.point_yx[1]}",
        ]
        for number, r in enumerate(regions.largest[:LISTED_REGIONS], 1)
    ]
    size = ["Size [px]"] if unit == "px" else ["Size [px]", f"Size [{unit}]"]
    head = ["", "A says", "B says", *size, "Window y, x, height, width", "First pixel y, x"]
    text = (
        f"<p>{regions.total:,} connected regions, {regions.total_px:,} pixels; the largest "
        f"{len(rows)} are listed here, the largest {len(regions.largest):,} in "
        f"<code>{escape('regions.csv')}</code>.</p>"
    )
    return section("Where they disagree", text + table(head, rows))
