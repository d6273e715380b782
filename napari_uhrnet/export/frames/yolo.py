"""Frames with YOLO segmentation labels: a polygon a line, in shares of width and height."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.export.frames.files import frame_entry, image_encoding, write_image
from napari_uhrnet.export.frames.instances import objects, renumbered
from napari_uhrnet.export.frames.split import PARTS
from napari_uhrnet.export.labels.manifest import counted, counts_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.export.frames.selection import Frame
    from napari_uhrnet.geometry.classes import ClassTable

_IMAGE, _LABELS = "images/{part}/{id}.png", "labels/{part}/{id}.txt"


def write_yolo(folder: Path, frames: Iterable[Frame], classes: ClassTable) -> dict[str, Any]:
    """Write all frames and data.yaml; returns their entry of the manifest."""
    numbers = renumbered(classes, 0)
    for pattern in (_IMAGE, _LABELS):
        for part in PARTS:
            (folder / pattern.format(part=part, id="")).parent.mkdir(parents=True)
    entries = []
    for frame in frames:
        image, labels = (p.format(part=frame.part, id=frame.id) for p in (_IMAGE, _LABELS))
        ids = frame.labels.read(frame.window)
        write_image(folder / image, frame)
        text = "".join(_lines(ids, numbers))
        (folder / labels).write_text(text, encoding="ascii", newline="\n")
        counts = counts_entry(counted(ids), classes)
        entries.append(frame_entry(frame) | {"image": image, "labels": labels, "counts": counts})
    _write_data_yaml(folder / "data.yaml", numbers, classes)
    file_ids = {str(class_id): number for class_id, number in numbers.items()}
    return {"images": image_encoding(_IMAGE), "file_ids": file_ids, "frames": entries}


def _lines(ids: NDArray[np.uint8], numbers: dict[int, int]) -> Iterator[str]:
    size_xy = np.array(ids.shape[::-1], np.float64)
    for class_id, polygons in objects(ids):
        if class_id in numbers:
            for polygon in polygons:
                points = np.asarray(polygon.exterior.coords)[:-1] / size_xy
                numbers_text = " ".join(repr(v) for v in points.ravel().tolist())
                yield f"{numbers[class_id]} {numbers_text}\n"


def _write_data_yaml(path: Path, numbers: dict[int, int], classes: ClassTable) -> None:
    """No ``path``: then folders are relative to this file."""
    lines = [f"{part}: images/{part}" for part in PARTS]
    # A JSON string is a YAML string, whatever the name holds.
    names = [f"  {numbers[i]}: {json.dumps(n)}" for i, n in classes.names.items() if i in numbers]
    path.write_text("\n".join([*lines, "names:", *names]) + "\n", encoding="utf-8")
