"""Everything about a scene and a checkpoint that is fixed before the first pixel is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from napari_uhrnet.geometry.affine import InferenceGrid, network_grid
from napari_uhrnet.geometry.grid import Cell, PatchGrid, frame_grid, frame_of
from napari_uhrnet.geometry.rectangles import RectangleGrid

if TYPE_CHECKING:
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.registry import LoadedModel


@dataclass(frozen=True)
class SceneLayout:
    """The grids of a scene for a checkpoint; all but ``inference`` are in inference pixels.

    ``pixel_size_m`` is the level-0 pixel size that was used, ``assumed`` is True if it is
    the checkpoint's own because the scene's is not known.
    """

    inference: InferenceGrid
    patch_px: int
    frame_px: int
    min_overlap_px: int
    pixel_size_m: float
    assumed: bool

    @classmethod
    def build(
        cls, shape_yx: tuple[int, int], pixel_size_m: float | None, model: LoadedModel
    ) -> SceneLayout:
        """The layout of a scene of a level-0 shape; raises UserError for an absurd scale."""
        trained_m = model.card.pixel_size_m
        used_m = pixel_size_m or trained_m
        network = model.network
        return cls(
            network_grid(shape_yx, used_m / trained_m),
            network.patch_px,
            network.frame_px,
            network.min_overlap_px,
            used_m,
            pixel_size_m is None,
        )

    @cached_property
    def patches(self) -> PatchGrid:
        """What the local branch sees, one window at a time."""
        return PatchGrid(self.inference.shape_yx, self.patch_px, self.min_overlap_px)

    @cached_property
    def frames(self) -> PatchGrid:
        """What the global branch sees, one window at a time."""
        return frame_grid(self.inference.shape_yx, self.frame_px, self.patch_px)

    @cached_property
    def rectangles(self) -> RectangleGrid:
        """What is blended and stored, each at one moment."""
        return RectangleGrid(self.patches)

    def frame_of(self, patch: Cell) -> Cell:
        """The frame that a patch is looked at from."""
        window = self.patches.window(patch).clip(self.inference.shape_yx)
        return frame_of(window, self.frames)

    def patches_in(self, window: Window) -> int:
        """How many patches the labels of a level-0 window depend on directly."""
        return len(self.patches.cells_touching(self.inference.from_level0(window)))
