"""A rectangle of pixels, always written (y, x, height, width)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Half-open rectangle of pixels: rows ``y .. y + height``, columns ``x .. x + width``.

    Height and width are never negative; a window with either of them 0 is empty.
    """

    y: int
    x: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if self.height < 0 or self.width < 0:
            raise ValueError(f"a window has no negative size: {self}")

    @classmethod
    def of_shape(cls, shape_yx: tuple[int, int]) -> Window:
        """The whole of a picture of this shape."""
        return cls(0, 0, *shape_yx)

    @classmethod
    def between(cls, top: int, left: int, bottom: int, right: int) -> Window:
        """The window between two corners, empty if they are in the wrong order."""
        return cls(top, left, max(0, bottom - top), max(0, right - left))

    @property
    def bottom(self) -> int:
        """First row below the window."""
        return self.y + self.height

    @property
    def right(self) -> int:
        """First column to the right of the window."""
        return self.x + self.width

    @property
    def shape_yx(self) -> tuple[int, int]:
        """(height, width)."""
        return self.height, self.width

    @property
    def area_px(self) -> int:
        """Number of pixels."""
        return self.height * self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns as slices; only for windows without negative corners."""
        if self.y < 0 or self.x < 0:
            raise ValueError(f"{self} starts outside of the picture: clip it first")
        return slice(self.y, self.bottom), slice(self.x, self.right)

    def __bool__(self) -> bool:
        return self.area_px > 0

    def intersect(self, other: Window) -> Window:
        """What both windows cover; may be empty."""
        return Window.between(
            max(self.y, other.y),
            max(self.x, other.x),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )

    def around(self, other: Window) -> Window:
        """The smallest window that holds both, neither of which is empty."""
        top, left = min(self.y, other.y), min(self.x, other.x)
        return Window.between(
            top, left, max(self.bottom, other.bottom), max(self.right, other.right)
        )

    def clip(self, shape_yx: tuple[int, int]) -> Window:
        """The part inside a picture of this shape."""
        return self.intersect(Window.of_shape(shape_yx))

    def contains(self, other: Window) -> bool:
        """Whether every pixel of the other window is in this one."""
        return self.intersect(other) == other

    def expand(self, margin_px: int) -> Window:
        """Grown by a margin on all four sides."""
        return Window(
            self.y - margin_px,
            self.x - margin_px,
            self.height + 2 * margin_px,
            self.width + 2 * margin_px,
        )

    def shift(self, dy: int, dx: int) -> Window:
        """Moved down by dy and right by dx."""
        return Window(self.y + dy, self.x + dx, self.height, self.width)

    def relative_to(self, outer: Window) -> Window:
        """The same pixels, counted from the corner of another window."""
        return self.shift(-outer.y, -outer.x)
