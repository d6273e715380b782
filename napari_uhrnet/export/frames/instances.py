"""What COCO and YOLO have in common: classes renumbered, frames as pictures, polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.export.vectors.regions import regions, without_holes
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from shapely import Polygon

    from napari_uhrnet.geometry.classes import ClassTable


def renumbered(classes: ClassTable, first: int) -> dict[int, int]:
    """Class id -> number in the file, from ``first`` on; ignored classes are not annotated."""
    return {c.id: first + k for k, c in enumerate(classes.without_ignored().classes)}


def objects(ids: NDArray[np.uint8]) -> Iterator[tuple[int, list[Polygon]]]:
    """(class id, polygons without holes that make up the region) of each region of a frame."""
    for class_id, polygon in regions(
        lambda w: ids[w.slices], Window.of_shape(ids.shape[:2]).shape_yx
    ):
        yield class_id, without_holes(polygon)
