"""The window that can be painted in: around the view, but not moved at every pan."""

from __future__ import annotations

from napari_uhrnet.geometry.window import Window

EDIT_PX = 4096
"""Largest side of the editable window: what a viewer can paint and show as one texture."""

SMALLEST_PX = 1024
SLACK_PX = 512
"""In a window of full size, the view can move at least this far before another is needed."""


def editable_window(view: Window, shape_yx: tuple[int, int]) -> Window:
    """The window to check out for a view, both in level-0 pixels; inside the scene.

    Twice the view, at most 4096 px, in the middle of the view; of a larger view, the middle.
    """
    seen = view.clip(shape_yx)
    sides = [
        min(EDIT_PX, max(SMALLEST_PX, 2 * side), whole)
        for side, whole in zip(seen.shape_yx, shape_yx, strict=True)
    ]
    starts = [
        min(max(0, start + length // 2 - side // 2), whole - side)
        for start, length, side, whole in zip(
            (seen.y, seen.x), seen.shape_yx, sides, shape_yx, strict=True
        )
    ]
    return Window(starts[0], starts[1], sides[0], sides[1])


def still_fits(editable: Window, view: Window, shape_yx: tuple[int, int]) -> bool:
    """Whether the view, or as much of its middle as a window can hold, is still in the window."""
    return editable.contains(_middle(view.clip(shape_yx)))


def _middle(seen: Window) -> Window:
    largest = EDIT_PX - 2 * SLACK_PX
    height, width = min(largest, seen.height), min(largest, seen.width)
    return Window(
        seen.y + (seen.height - height) // 2, seen.x + (seen.width - width) // 2, height, width
    )
