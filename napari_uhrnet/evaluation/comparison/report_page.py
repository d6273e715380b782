"""The report of a comparison as one HTML page that needs nothing else.

Words and order are those of ``src_resources/templates/report.html``; here is what it is filled
with. Jinja escapes all that is filled in: names of files and classes come from outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from napari_uhrnet.evaluation.comparison.report_charts import area_bars, confusion_matrix
from napari_uhrnet.evaluation.comparison.report_numbers import (
    area_unit,
    grouped,
    length,
    percent,
)
from napari_uhrnet.evaluation.comparison.report_pictures import differing_uri, labels_uri, photo_uri
from napari_uhrnet.resources import resource_path

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.evaluation.comparison.comparison import Comparison
    from napari_uhrnet.evaluation.comparison.disagreements import Regions
    from napari_uhrnet.evaluation.comparison.report_charts import Bars, Matrix
    from napari_uhrnet.evaluation.comparison.report_numbers import AreaUnit
    from napari_uhrnet.scene.base import Scene

LISTED_REGIONS = 25


def report_page(
    found: Comparison,
    regions: Regions,
    scene: Scene,
    image: tuple[NDArray[np.uint8], NDArray[np.bool_]],
    made_at: datetime,
) -> str:
    """The page; ``image`` is the scene on the grid of the maps, RGB and valid."""
    unit = area_unit(found.area.window.area_px, found.pixel_size_m)
    listed = regions.largest[:LISTED_REGIONS]
    largest_px = listed[0].size_px if listed else 1
    return (
        _templates()
        .get_template("report.html")
        .render(
            found=found,
            scene=scene,
            made_at=made_at,
            colours={c.name: c.rgb for c in found.classes.classes},
            pictures=_pictures(found, image),
            unit=unit,
            bars=_bars(found, unit),
            matrices=_matrices(found),
            regions=regions,
            listed=listed,
            region_unit=area_unit(largest_px, found.pixel_size_m),
        )
    )


def _templates() -> Environment:
    loader = FileSystemLoader(resource_path("templates"))
    templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    templates.filters |= {
        "grouped": grouped,
        "percent": percent,
        "length_m": length,
        "size": _size,
        "ground": _ground,
        "zip": lambda a, b: zip(a, b, strict=True),
    }
    return templates


def _size(shape_yx: tuple[int, int]) -> str:
    height, width = shape_yx
    return f"{grouped(width)} × {grouped(height)}"


def _ground(shape_yx: tuple[int, int], pixel_size_m: float) -> str:
    height, width = shape_yx
    return f"{length(width * pixel_size_m)} × {length(height * pixel_size_m)}"


def _pictures(
    found: Comparison, image: tuple[NDArray[np.uint8], NDArray[np.bool_]]
) -> list[tuple[str, str]]:
    """Captions and data URIs."""
    view = found.maps
    shown = [
        ("Image", photo_uri(*image)),
        (f"A: {found.a.title}", labels_uri(view.a, found.classes)),
        (f"B: {found.b.title}", labels_uri(view.b, found.classes)),
        ("Difference: the redder, the more pixels differ", differing_uri(view.differing)),
    ]
    if found.truth is not None:
        truth = labels_uri(view.truth, found.classes)
        shown.append((f"Ground truth: {found.truth.title}", truth))
    return shown


def _bars(found: Comparison, unit: AreaUnit) -> Bars:
    areas = found.areas.values()
    a, b = [unit.of(area.a_px) for area in areas], [unit.of(area.b_px) for area in areas]
    written = [(unit.amount(area.a_px), unit.amount(area.b_px)) for area in areas]
    return area_bars(a, b, found.names, written)


def _matrices(found: Comparison) -> list[tuple[str, str, Matrix]]:
    """What is in the rows, what in the columns, and the matrix."""
    counted = [("A", "B", found.confusion)]
    if found.truth is not None:
        counted += [("Ground truth", name, found.truth_confusion(k)) for k, name in enumerate("AB")]
    return [(row, column, confusion_matrix(n, found.names)) for row, column, n in counted]
