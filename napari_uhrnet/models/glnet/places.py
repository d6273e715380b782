"""Where a patch lies on the frame's maps: GLNet's integer crops, and their inverse.

Crops are rounded to whole cells, so that what a patch sees of the coarse maps is off by up to half
a cell on either side. Trained weights expect exactly that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.glnet.pyramid import SharedMaps, resize

if TYPE_CHECKING:
    from collections.abc import Sequence


def cells_of(box: Window, frame_yx: tuple[int, int], map_yx: tuple[int, int]) -> Window:
    """Cells of a frame's map under a patch.

    Parameters
    ----------
    box
        The patch, in pixels counted from the frame's corner.
    frame_yx
        (height, width) of the frame in pixels.
    map_yx
        (height, width) of the map in cells.
    """
    y, height = _span(box.y, box.height, frame_yx[0], map_yx[0])
    x, width = _span(box.x, box.width, frame_yx[1], map_yx[1])
    return Window(y, x, height, width)


def _span(start_px: int, length_px: int, frame_px: int, cells: int) -> tuple[int, int]:
    # Python rounds like numpy: half to even. Where GLNet's code would leave the map or get an
    # empty crop (and stop), the crop ends with the map and has one cell at least.
    count = max(1, round(cells * (length_px / frame_px)))
    first = min(round(cells * (start_px / frame_px)), cells - 1)
    return first, min(count, cells - first)


def crop(
    of_frame: Tensor, boxes: Sequence[Window], frame_yx: tuple[int, int], size_yx: tuple[int, ...]
) -> Tensor:
    """(B, C, h, w): a frame's map (1, C, H, W) under each of B patches, resized to ``size_yx``."""
    height, width = of_frame.shape[-2:]
    cells = [cells_of(box, frame_yx, (height, width)) for box in boxes]
    parts = [of_frame[..., c.y : c.bottom, c.x : c.right] for c in cells]
    return torch.cat([resize(part, size_yx) for part in parts])


class FrameMerge:
    """The maps of a frame's patches, put together on the frame's cells (mode 3).

    Each map is shrunk to the cells under its patch; where patches overlap, maps are averaged.
    Cells under no patch stay 0.

    Parameters
    ----------
    like
        The frame's own maps, which give the sizes.
    frame_yx
        (height, width) of the frame in pixels.
    """

    def __init__(self, like: SharedMaps, frame_yx: tuple[int, int]) -> None:
        self._sums = like.map(lambda x, _: torch.zeros_like(x))
        self._frame_yx = frame_yx
        self._boxes: list[Window] = []

    def add(self, maps: SharedMaps, boxes: Sequence[Window]) -> None:
        """Add the maps of B patches; ``boxes`` are in pixels counted from the frame's corner."""
        self._boxes.extend(boxes)
        pairs = zip(_steps(self._sums), _steps(maps), strict=True)
        for sums, own in pairs:
            for total, x in zip(sums, own, strict=True):
                self._add(total, x, boxes)

    def _add(self, total: Tensor, x: Tensor, boxes: Sequence[Window]) -> None:
        height, width = total.shape[-2:]
        for i, box in enumerate(boxes):
            c = cells_of(box, self._frame_yx, (height, width))
            total[..., c.y : c.bottom, c.x : c.right] += resize(x[i : i + 1], c.shape_yx)

    def result(self) -> SharedMaps:
        """The averages of what was added so far."""
        counts = [
            coverage(self._boxes, self._frame_yx, (x.shape[-2], x.shape[-1])).to(x)
            for x in self._sums.backbone
        ]
        return self._sums.map(lambda x, k: x / counts[k])


def _steps(maps: SharedMaps) -> tuple[tuple[Tensor, ...], ...]:
    return maps.backbone, maps.top_down, maps.smooth_1, maps.smooth_2


def coverage(boxes: Sequence[Window], frame_yx: tuple[int, int], map_yx: tuple[int, int]) -> Tensor:
    """(h, w): number of patches over each pixel of the frame, bilinearly sampled at the cells.

    The published code resizes an image of the counts. It is a sum of products of one row and one
    column for each patch, and so is the resized one: nothing of the frame's size is needed.
    At least 1, also where there is no patch.
    """
    rows = _covered([(b.y, b.bottom) for b in boxes], frame_yx[0], map_yx[0])
    columns = _covered([(b.x, b.right) for b in boxes], frame_yx[1], map_yx[1])
    return (rows.T @ columns).clamp(min=1)


def _covered(spans: list[tuple[int, int]], length_px: int, cells: int) -> Tensor:
    pixel = torch.arange(length_px)
    inside = torch.stack([(pixel >= start) & (pixel < stop) for start, stop in spans])
    return F.interpolate(inside[None].float(), size=cells, mode="linear", align_corners=False)[0]
