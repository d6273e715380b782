"""The settings of fine-tuning, and the scale it is done at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from napari_uhrnet.training.loop.precision import Precision
from napari_uhrnet.training.loop.trainer import FitConfig
from napari_uhrnet.training.run.config import DataFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.training.finetune.reviewed import Corrected


class FineTuneConfig(BaseModel):
    """Settings of a run; rates are AdamW's, lower than those of a training from the start."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    start: str
    pixel_size_m: float = Field(gt=0)
    steps: int = Field(150, ge=1)
    seed: int = Field(0, ge=0)
    heads_only: bool = False
    held_out: float = Field(0.25, ge=0, lt=1)
    rehearsal: tuple[DataFolder, ...] = ()
    rehearsal_share: float = Field(0.3, ge=0, lt=1)
    rate_heads: float = Field(1e-3, gt=0)
    rate_backbones: float = Field(1e-4, gt=0)
    crops: int = Field(3, ge=1)
    precision: Precision = "32-true"
    device: str = "auto"

    def fit(self) -> FitConfig:
        """How it is trained; the average forgets quickly, since the run is short."""
        return FitConfig(
            steps=self.steps,
            rate_heads=self.rate_heads,
            rate_backbones=self.rate_backbones,
            warmup_steps=min(10, self.steps),
            averaging=0.98,
            save_every_steps=25,
            seed=self.seed,
            precision=self.precision,
        )


def scale_of(scenes: Sequence[Corrected], start: LoadedModel, classes: ClassTable) -> float:
    """Metres per pixel to train at, where none are given.

    The checkpoint's, if it has at least half of the classes. New classes are mostly of finer
    things: then three pixels of the finest scene, but nothing coarser than the checkpoint's.
    """
    known = {c.name for c in start.classes.classes}
    names = [c.name for c in classes.without_ignored().classes]
    if 2 * sum(name in known for name in names) >= len(names):
        return start.card.pixel_size_m
    return min(start.card.pixel_size_m, 3 * min(s.pixel_size_m for s in scenes))
