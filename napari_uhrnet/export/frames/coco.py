"""Frames with COCO annotations.

``annotations/instances_<part>.json`` has an annotation for each connected region, as polygons;
those can have no holes, so regions with holes are cut into several.
``annotations/stuff_<part>.json`` has one for each class of a frame, as run lengths: exact, and what
is read back.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.export.frames.files import frame_entry, image_encoding, write_image
from napari_uhrnet.export.frames.instances import objects, renumbered
from napari_uhrnet.export.frames.split import PARTS
from napari_uhrnet.export.labels.manifest import counted, counts_entry
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from numpy.typing import NDArray

    from napari_uhrnet.export.frames.selection import Frame
    from napari_uhrnet.geometry.classes import ClassTable

_IMAGE = "images/{part}/{id}.png"


def write_coco(folder: Path, frames: Iterable[Frame], classes: ClassTable) -> dict[str, Any]:
    """Write all frames; returns their entry of the manifest."""
    numbers = renumbered(classes, 1)
    categories = [
        {"id": numbers[c.id], "name": c.name, "supercategory": classes.name}
        for c in classes.classes
        if c.id in numbers
    ]
    entries = []
    (folder / "annotations").mkdir(parents=True)
    with ExitStack() as opened:
        files = {
            (kind, part): opened.enter_context(
                _File(annotation_path(folder, kind, part), categories)
            )
            for kind in ("instances", "stuff")
            for part in PARTS
        }
        for number, frame in enumerate(frames, 1):
            image = _IMAGE.format(part=frame.part, id=frame.id)
            write_image(folder / image, frame)
            ids = frame.labels.read(frame.window)
            height, width = frame.window.shape_yx
            about = {"id": number, "file_name": f"{frame.id}.png", "height": height, "width": width}
            for annotation in _instances(ids, numbers):
                files["instances", frame.part].add(annotation | {"image_id": number})
            for annotation in _stuff(ids, numbers):
                files["stuff", frame.part].add(annotation | {"image_id": number})
            for kind in ("instances", "stuff"):
                files[kind, frame.part].images.append(about)
            counts = counts_entry(counted(ids), classes)
            more = {"image": image, "image_id": number, "counts": counts}
            entries.append(frame_entry(frame) | more)
    return {"images": image_encoding(_IMAGE), "file_ids": _text_keys(numbers), "frames": entries}


def annotation_path(folder: Path, kind: str, part: str) -> Path:
    """The file of the annotations of a part; kind is "instances" or "stuff"."""
    return folder / "annotations" / f"{kind}_{part}.json"


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    """COCO's uncompressed counts: column by column, first how many pixels are outside."""
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff(np.concatenate([[0], changes, [flat.size]])).tolist()
    return [0, *counts] if flat.size and flat[0] else counts


def from_run_lengths(counts: list[int], shape_yx: tuple[int, int]) -> NDArray[np.bool_]:
    """(h, w) bool from what `run_lengths` gave; ValueError for runs of another shape."""
    if sum(counts) != shape_yx[0] * shape_yx[1] or min(counts, default=0) < 0:
        raise ValueError("the runs do not fill the frame")
    inside = np.arange(len(counts)) % 2 == 1
    return np.repeat(inside, counts).reshape(shape_yx, order="F")


class _File:
    """An annotation file whose annotations are written as they come."""

    def __init__(self, path: Path, categories: list[dict[str, Any]]) -> None:
        self._path, self._categories = path, categories
        self.images: list[dict[str, Any]] = []
        self._count = 0

    def __enter__(self) -> _File:
        self._file: TextIO = self._path.open("w", encoding="utf-8", newline="\n")
        self._file.write('{"annotations": [')
        return self

    def add(self, annotation: dict[str, Any]) -> None:
        self._file.write(",\n" if self._count else "\n")
        self._count += 1
        self._file.write(json.dumps({"id": self._count} | annotation))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._file:
            if kind is None:
                rest = {"images": self.images, "categories": self._categories, "licenses": []}
                info = {"description": "Labels exported by napari-uhrnet", "version": "1.0"}
                self._file.write("\n],\n" + json.dumps(rest | {"info": info})[1:] + "\n")


def _instances(ids: NDArray[np.uint8], numbers: dict[int, int]) -> Iterator[dict[str, Any]]:
    for class_id, polygons in objects(ids):
        if class_id in numbers:
            boxes = np.array([polygon.bounds for polygon in polygons])
            yield {
                "category_id": numbers[class_id],
                "segmentation": [
                    np.asarray(polygon.exterior.coords)[:-1].ravel().tolist()
                    for polygon in polygons
                ],
                "area": sum(polygon.area for polygon in polygons),
                "bbox": _bbox(*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)),
                "iscrowd": 0,
            }


def _stuff(ids: NDArray[np.uint8], numbers: dict[int, int]) -> Iterator[dict[str, Any]]:
    for class_id in np.unique(ids).tolist():
        if class_id == NOTHING or class_id not in numbers:
            continue
        mask = ids == class_id
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        yield {
            "category_id": numbers[class_id],
            "segmentation": {"size": list(ids.shape), "counts": run_lengths(mask)},
            "area": int(mask.sum()),
            "bbox": _bbox(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1),
            "iscrowd": 1,
        }


def _bbox(left: float, top: float, right: float, bottom: float) -> list[float]:
    return [float(left), float(top), float(right - left), float(bottom - top)]


def _text_keys(numbers: dict[int, int]) -> dict[str, int]:
    return {str(class_id): number for class_id, number in numbers.items()}
