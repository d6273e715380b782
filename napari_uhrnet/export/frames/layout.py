"""How training codes want frames on disk: pictures and masks by name and folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.frames.split import PARTS
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable

IDS, COLOURS, PALETTE = "ids", "colours", "palette"

_BLACK = (0, 0, 0)


@dataclass(frozen=True)
class FrameLayout:
    """One image and one mask a frame.

    Parameters
    ----------
    image, mask
        Paths in the export with ``{part}`` and ``{id}``.
    encoding
        "ids": one channel; "colours": RGB of the class table; "palette": ids with a palette.
    ignores
        Whether 255 in a mask means "not to be learned"; otherwise unreviewed pixels are written as
        the table's unknown class.
    folders
        What train, val and test are called in paths.
    list_file, list_line
        A text file for each part with a line for each frame.
    """

    image: str
    mask: str
    encoding: str
    ignores: bool = False
    folders: dict[str, str] = field(default_factory=lambda: {part: part for part in PARTS})
    list_file: str | None = None
    list_line: str = "{id}"

    def paths(self, part: str, frame_id: str) -> tuple[str, str]:
        """Image and mask of a frame, relative to the export."""
        names = {"part": self.folders[part], "id": frame_id}
        return self.image.format(**names), self.mask.format(**names)

    def folders_to_make(self) -> set[Path]:
        """All folders, those of empty parts too: some codes stop where one is missing."""
        return {Path(p).parent for part in PARTS for p in self.paths(part, "")}


_GLNET_FOLDERS = {"train": "train", "val": "crossvali", "test": "offical_crossvali"}

FRAME_LAYOUTS = {
    "deepglobe": FrameLayout("land-train/{id}_sat.jpg", "land-train/{id}_mask.png", COLOURS),
    # FCtL reads the same folders.
    "glnet": FrameLayout(
        "{part}/Sat/{id}_sat.jpg", "{part}/Label/{id}_mask.png", IDS, folders=_GLNET_FOLDERS
    ),
    # In place of MagNet's folder "data": --root is its "deepglobe", which the lists start from.
    "magnet": FrameLayout(
        "deepglobe/land-train/{id}_sat.jpg",
        "deepglobe/land-train/{id}_mask.png",
        COLOURS,
        list_file="list/deepglobe/{part}.txt",
        list_line="land-train/{id}_sat.jpg\tland-train/{id}_mask.png",
    ),
    "isdnet": FrameLayout(
        "img_dir/{part}/{id}_sat.jpg", "rgb2id/{part}/{id}_mask.png", IDS, ignores=True
    ),
    "f2net": FrameLayout(
        "img_dir/{part}/{id}_sat.jpg",
        "ann_dir/{part}/{id}_mask.png",
        IDS,
        list_file="lists/{part}.txt",
    ),
    "palette": FrameLayout(
        "images/{part}/{id}.png", "masks/{part}/{id}.png", PALETTE, ignores=True
    ),
}


def unknown_id(layout: FrameLayout, classes: ClassTable) -> int | None:
    """What unreviewed pixels are written as; None if the layout has nothing for them."""
    if layout.ignores:
        return NOTHING
    ignored = [c.id for c in classes.classes if c.ignore]
    if ignored:
        return ignored[0]
    if layout.encoding == COLOURS:
        return NOTHING if all(c.rgb != _BLACK for c in classes.classes) else None
    return 0 if 0 not in classes.names else None


def encoded(ids: NDArray[np.uint8], layout: FrameLayout, classes: ClassTable) -> NDArray[np.uint8]:
    """(h, w) ids, or (h, w, 3) colours, as the layout has them; UserError if it cannot hold 255."""
    written = ids
    if (ids == NOTHING).any():
        unknown = unknown_id(layout, classes)
        if unknown is None:
            raise UserError(
                f"class table {classes.name!r} has no unknown class that pixels without reviewed "
                "labels could be written as: leave such frames out, or map to a table that has one"
            )
        written = np.where(ids == NOTHING, np.uint8(unknown), ids)
    return classes.palette[written] if layout.encoding == COLOURS else written


def decoded(
    pixels: NDArray[np.uint8], layout: FrameLayout, classes: ClassTable
) -> NDArray[np.uint8]:
    """(h, w) ids from what `encoded` gave; values and colours that are no class become 255."""
    ids = np.full(pixels.shape[:2], NOTHING, np.uint8)
    for c in classes.classes:
        if layout.encoding == COLOURS:
            ids[(pixels == np.array(c.rgb, np.uint8)).all(axis=2)] = c.id
        else:
            ids[pixels == c.id] = c.id
    return ids


def check_colours(classes: ClassTable) -> None:
    """UserError if two classes have one colour: they could not be distinguished again."""
    seen: dict[tuple[int, int, int], str] = {}
    for c in classes.classes:
        if c.rgb in seen:
            raise UserError(
                f"class table {classes.name!r}: {seen[c.rgb]!r} and {c.name!r} have the same "
                "colour, and this format distinguishes classes by colour: change one of them"
            )
        seen[c.rgb] = c.name
