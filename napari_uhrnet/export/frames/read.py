"""Frames of an export as ids, found by its manifest."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.frames.coco import annotation_path, from_run_lengths
from napari_uhrnet.export.frames.layout import COLOURS, FRAME_LAYOUTS, decoded
from napari_uhrnet.export.frames.split import PARTS
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.strict_json import as_object, read_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image

    from napari_uhrnet.geometry.classes import ClassTable

    ReadFrame = Callable[[dict[str, Any], tuple[int, int]], NDArray[np.uint8]]

MAX_ANNOTATIONS_BYTES = 2**30
"""Of one part of a COCO set."""


_DAMAGED = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    EOFError,
    SyntaxError,  # Pillow's for broken chunks of a PNG
    zlib.error,
    struct.error,
)


def frame_parts(
    folder: Path, manifest: dict[str, Any], scene_entry: dict[str, Any], classes: ClassTable
) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
    """Windows and (h, w) ids of the frames of a scene.

    What was written as unknown for want of a review is 255 again. Where a frame has such pixels,
    those that a person marked as unknown cannot be distinguished from them and are 255, too.
    """
    frames = [f for f in manifest.get("frames", []) if f["scene"] == scene_entry["id"]]
    read = _reader(folder, manifest, classes)
    for frame in frames:
        window = Window(*frame["window"])
        try:
            ids = read(frame, window.shape_yx)
        except _DAMAGED as error:
            raise UserError(
                f"{folder}: the labels of frame {frame['id']} cannot be read ({error}): "
                "export again"
            ) from error
        if ids.shape != window.shape_yx:
            raise UserError(
                f"{folder}: the mask of frame {frame['id']} is {ids.shape[1]} x {ids.shape[0]} px "
                f"and should be {window.width} x {window.height}: export again"
            )
        yield window, ids


def _reader(folder: Path, manifest: dict[str, Any], classes: ClassTable) -> ReadFrame:
    if manifest["format"] in FRAME_LAYOUTS:
        return _mask_reader(folder, manifest, classes)
    class_ids = {number: int(class_id) for class_id, number in manifest.get("file_ids", {}).items()}
    if manifest["format"] == "coco":
        return _coco_reader(folder, class_ids)
    return _yolo_reader(folder, class_ids)


def _mask_reader(folder: Path, manifest: dict[str, Any], classes: ClassTable) -> ReadFrame:
    layout, unknown = FRAME_LAYOUTS[manifest["format"]], manifest.get("unknown")

    def read(frame: dict[str, Any], shape_yx: tuple[int, int]) -> NDArray[np.uint8]:
        with _opened(folder / frame["mask"]) as image:
            if image.size != shape_yx[::-1]:
                raise ValueError(f"it is {image.width} x {image.height} px")  # before it is decoded
            pixels = np.asarray(image.convert("RGB") if layout.encoding == COLOURS else image)
        ids = decoded(pixels, layout, classes)
        if unknown is not None and frame["counts"]["unreviewed"]:
            ids[ids == unknown] = NOTHING
        return ids

    return read


def _opened(path: Path) -> Image.Image:
    from PIL import Image

    try:
        return Image.open(path)
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from None


def _coco_reader(folder: Path, class_ids: dict[int, int]) -> ReadFrame:
    annotations: dict[int, list[dict[str, Any]]] = {}
    for part in PARTS:
        path = annotation_path(folder, "stuff", part)
        try:
            content = read_object(path, MAX_ANNOTATIONS_BYTES)["annotations"]
            for annotation in map(as_object, content):
                annotations.setdefault(annotation["image_id"], []).append(annotation)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: cannot be read ({error}): export again") from error

    def read(frame: dict[str, Any], shape_yx: tuple[int, int]) -> NDArray[np.uint8]:
        ids = np.full(shape_yx, NOTHING, np.uint8)
        for annotation in annotations.get(frame["image_id"], ()):
            mask = from_run_lengths(annotation["segmentation"]["counts"], shape_yx)
            ids[mask] = class_ids[annotation["category_id"]]
        return ids

    return read


def _yolo_reader(folder: Path, class_ids: dict[int, int]) -> ReadFrame:
    from shapely import Polygon

    from napari_uhrnet.export.vectors.read import drawn

    def read(frame: dict[str, Any], shape_yx: tuple[int, int]) -> NDArray[np.uint8]:
        size_xy = np.array(shape_yx[::-1], np.float64)
        polygons = []
        for line in (folder / frame["labels"]).read_text(encoding="ascii").splitlines():
            number, *shares = line.split()
            points = np.array(shares, np.float64).reshape(-1, 2) * size_xy
            polygons.append((Polygon(points), class_ids[int(number)]))
        return drawn(polygons, Window.of_shape(shape_yx))

    return read
