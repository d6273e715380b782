"""Frames as image and mask files in one of the layouts of training codes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from napari_uhrnet.export.frames.layout import (
    COLOURS,
    FRAME_LAYOUTS,
    PALETTE,
    check_colours,
    encoded,
    unknown_id,
)
from napari_uhrnet.export.frames.pictures import JPEG_QUALITY, write_palette_mask, write_picture
from napari_uhrnet.export.frames.split import PARTS
from napari_uhrnet.export.labels.manifest import counted, counts_entry

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import TextIO

    from napari_uhrnet.export.frames.layout import FrameLayout
    from napari_uhrnet.export.frames.selection import Frame
    from napari_uhrnet.geometry.classes import ClassTable


def write_frames(
    folder: Path, format_name: str, frames: Iterable[Frame], classes: ClassTable
) -> dict[str, Any]:
    """Write all frames and lists; returns their manifest entry: {"images", "frames", ...}."""
    layout = FRAME_LAYOUTS[format_name]
    if layout.encoding == COLOURS:
        check_colours(classes)
    for each in layout.folders_to_make():
        (folder / each).mkdir(parents=True, exist_ok=True)
    with ExitStack() as opened:
        lists = _open_lists(opened, folder, layout)
        entries = []
        for frame in frames:
            entries.append(_write_frame(folder, layout, frame, classes))
            if lists:
                lists[frame.part].write(layout.list_line.format(id=frame.id) + "\n")
    return {
        "images": image_encoding(layout.image),
        "masks": layout.encoding,
        "unknown": unknown_id(layout, classes),
        "frames": entries,
    }


def frame_entry(frame: Frame) -> dict[str, Any]:
    """Where a frame is from; ``window`` is y, x, height, width in level-0 pixels."""
    w = frame.window
    return {
        "id": frame.id,
        "scene": frame.labels.name,
        "part": frame.part,
        "window": [w.y, w.x, w.height, w.width],
    }


def image_encoding(name: str) -> str:
    """How the pixels of the images are kept."""
    if name.endswith(".jpg"):
        return f"JPEG, quality {JPEG_QUALITY}, no subsampling: not bit for bit the scene's pixels"
    return "PNG: the scene's pixels"


def write_image(path: Path, frame: Frame) -> None:
    """The pixels of a frame, as the networks see them."""
    pixels, _ = frame.labels.scene.read(frame.window, 0)
    write_picture(path, pixels)


def _open_lists(opened: ExitStack, folder: Path, layout: FrameLayout) -> dict[str, TextIO]:
    if layout.list_file is None:
        return {}
    paths = {part: folder / layout.list_file.format(part=part) for part in PARTS}
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    return {
        part: opened.enter_context(path.open("w", encoding="utf-8", newline="\n"))
        for part, path in paths.items()
    }


def _write_frame(
    folder: Path, layout: FrameLayout, frame: Frame, classes: ClassTable
) -> dict[str, Any]:
    image, mask = layout.paths(frame.part, frame.id)
    ids = frame.labels.read(frame.window)
    write_image(folder / image, frame)
    pixels = encoded(ids, layout, classes)
    if layout.encoding == PALETTE:
        write_palette_mask(folder / mask, pixels, classes)
    else:
        write_picture(folder / mask, pixels)
    counts = counts_entry(counted(ids), classes)
    return frame_entry(frame) | {"image": image, "mask": mask, "counts": counts}
