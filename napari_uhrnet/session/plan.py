"""From what is asked for and what there is to a plan, or to a refusal in one sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import MAX_UPSAMPLING
from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uhrnet.engine.planning.layout import SceneLayout
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.state import Intent

ASK_ABOVE_PATCHES = 200
"""More patches than this are started only after asking."""

COARSEST_M = 10_000.0
"""Larger pixels are useless for land cover; such a number is a typing error."""


@dataclass(frozen=True)
class PixelSize:
    """Ground sample distance used for computing, and whether it is only assumed."""

    metres: float
    assumed: bool

    @property
    def note(self) -> str:
        """A remark for the user; empty if there is none."""
        if not self.assumed:
            return ""
        return (
            f"assumed {self.metres:.3g} m/px, the checkpoint's; type the true size if you know it"
        )


@dataclass(frozen=True)
class Refusal:
    """Why there is nothing to run, in one sentence."""

    sentence: str


@dataclass(frozen=True)
class Plan:
    """What is going to be computed. Equal plans need no new run.

    ``window`` is in level-0 pixels; with ``ring``, the patches around it follow when it is done.
    ``block`` holds the first and the last patch of the window in grid order, both (row, column).
    """

    scene: Scene
    layout: SceneLayout
    pixel_size: PixelSize
    window: Window
    ring: bool
    block: tuple[tuple[int, int], tuple[int, int]]

    @property
    def patches(self) -> int:
        """Number of patches of the window."""
        (top, left), (bottom, right) = self.block
        return (bottom - top + 1) * (right - left + 1)

    @property
    def ask(self) -> bool:
        """Whether it is too much to start without asking."""
        return self.patches > ASK_ABOVE_PATCHES

    def same_work(self, other: Plan | None) -> bool:
        """Whether the other plan computes the same patches of the same scene."""
        return (
            other is not None
            and self.scene is other.scene
            and (self.layout, self.block, self.ring) == (other.layout, other.block, other.ring)
        )


def pixel_size(intent: Intent, checkpoint_m: float) -> PixelSize | Refusal:
    """The size that the user typed, else the scene's, else the checkpoint's."""
    own = intent.scene.pixel_size_m if intent.scene is not None else None
    metres = intent.pixel_size_m if intent.pixel_size_m is not None else own
    if metres is None:
        return PixelSize(checkpoint_m, assumed=True)
    if not (math.isfinite(metres) and 0 < metres <= COARSEST_M):
        return Refusal(f"A pixel size of {metres:g} m makes no sense: type metres per pixel.")
    if metres / checkpoint_m > MAX_UPSAMPLING:
        return Refusal(
            f"{metres:.3g} m/px is too coarse for this network, which needs "
            f"{checkpoint_m * MAX_UPSAMPLING:.3g} m/px or finer: check the pixel size or "
            "choose another model."
        )
    return PixelSize(metres, assumed=False)


def region_window(intent: Intent, shape_yx: tuple[int, int]) -> Window | Refusal:
    """The level-0 window that is asked for, inside the scene."""
    if intent.region == "scene":
        return Window.of_shape(shape_yx)
    if intent.region == "rectangle":
        if intent.rectangle is None:
            return Refusal("Draw a rectangle over the image first.")
        window = intent.rectangle.clip(shape_yx)
        return window or Refusal("The rectangle lies outside of the image: draw it over the image.")
    window = (intent.view or Window(0, 0, 0, 0)).clip(shape_yx)
    return window or Refusal("The view shows nothing of the image: move it over the image.")


def resolve(
    intent: Intent, checkpoint_m: float, layout: Callable[[Scene, float | None], SceneLayout]
) -> Plan | Refusal:
    """A plan for what is asked, or a refusal.

    Parameters
    ----------
    intent
        What is asked for.
    checkpoint_m
        Ground sample distance of the network, metres per pixel.
    layout
        Gives the layout of a scene at a pixel size in metres, None if it is not known.
    """
    if intent.scene is None:
        return Refusal("Open an image first: File > Open, or drop one on the window.")
    size = pixel_size(intent, checkpoint_m)
    if isinstance(size, Refusal):
        return size
    window = region_window(intent, intent.scene.shape_yx)
    if isinstance(window, Refusal):
        return window
    try:
        where = layout(intent.scene, None if size.assumed else size.metres)
    except UserError as error:  # far too fine for the network
        sentence = str(error)
        return Refusal(f"{sentence[:1].upper()}{sentence[1:]}.")
    cells = where.patches.cells_touching(where.inference.from_level0(window))
    ring = intent.region == "visible"
    return Plan(intent.scene, where, size, window, ring, (cells[0], cells[-1]))
