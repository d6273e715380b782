"""Where labels for an export come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.export.labels.merging import Merging
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.base import Scene


class LabelSource(Protocol):
    """Labels of a scene in its level-0 pixels, and which of them a person has reviewed."""

    @property
    def shape_yx(self) -> tuple[int, int]:
        """(height, width) of the scene."""

    @property
    def classes(self) -> ClassTable:
        """What the ids mean."""

    def read(self, window: Window) -> NDArray[np.uint8]:
        """(h, w) uint8 class ids; 255 = nothing."""

    def reviewed(self, window: Window) -> NDArray[np.bool_]:
        """(h, w) bool: the pixels that were reviewed."""


@dataclass(frozen=True)
class SceneLabels:
    """A scene with its labels, as they are exported.

    ``name`` is unique in an export and good for file names. ``merging`` takes the ids of the
    source to those that are written. ``checkpoints`` are the hashes of the checkpoints that made
    the labels, as far as they are known.
    """

    name: str
    scene: Scene
    source: LabelSource
    merging: Merging
    checkpoints: tuple[str, ...] = field(default=())

    @property
    def shape_yx(self) -> tuple[int, int]:
        """(height, width) in level-0 pixels."""
        return self.scene.shape_yx

    def read(self, window: Window) -> NDArray[np.uint8]:
        """(h, w) uint8 ids of the classes that are written; 255 where nothing was reviewed."""
        ids = np.where(self.source.reviewed(window), self.source.read(window), np.uint8(NOTHING))
        return self.merging.apply(ids)

    def reviewed_share(self, window: Window) -> float:
        """The share of a window, 0..1, that has reviewed labels."""
        return float(np.mean(self.read(window) != NOTHING))
