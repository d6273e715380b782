"""Frames at given places of a scene: those that cover the view, those listed as text."""

from __future__ import annotations

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.geometry.window import Window


def frames_in(view: Window, frame_px: int, overlap_px: int) -> tuple[Window, ...]:
    """Frames that cover a level-0 window; one of its own size if it is smaller than a frame."""
    grid = PatchGrid(view.shape_yx, frame_px, overlap_px)
    inside = (grid.window(cell).clip(view.shape_yx) for cell in grid.cells())
    return tuple(window.shift(view.y, view.x) for window in inside)


def parse_frames(text: str) -> tuple[Window, ...]:
    """Windows from "y, x, height, width; y, x, height, width"; UserError if it is malformed."""
    return tuple(_parse_frame(part) for part in text.split(";") if part.strip())


def _parse_frame(text: str) -> Window:
    try:
        y, x, height, width = (int(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise UserError(
            f"frame {text.strip()!r}: give y, x, height, width in pixels of the scene, such as "
            "0,1024,512,512"
        ) from None
    if height < 1 or width < 1:
        raise UserError(f"frame {text.strip()!r}: height and width must be 1 or more")
    return Window(y, x, height, width)
