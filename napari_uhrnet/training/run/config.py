"""All settings of a training run, in one place: what ``config.json`` of a run folder holds."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from napari_uhrnet.training.data.parts import HOLD_OUT
from napari_uhrnet.training.data.sampling import Sampling
from napari_uhrnet.training.loop.precision import Precision
from napari_uhrnet.training.loop.stages import StageName, rate_factor
from napari_uhrnet.training.loop.trainer import FitConfig

DEFAULT_MODEL = "uhrnet-light"

_SETTINGS = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DataFolder(BaseModel):
    """A data set, and metres per pixel of its images where the files lack them."""

    model_config = _SETTINGS

    folder: Path
    pixel_size_m: float | None = Field(None, gt=0)


class Stage(BaseModel):
    """A part of a run: what is trained (see `stages.enter_stage`), and for how many steps."""

    model_config = _SETTINGS

    name: StageName = "joint"
    steps: int = Field(ge=1)


DEFAULT_STAGE = Stage(steps=2000)


class TrainConfig(BaseModel):
    """Settings of a run; pixels are those of the network's scale, rates AdamW's."""

    model_config = _SETTINGS

    data: tuple[DataFolder, ...] = ()
    made: int = Field(0, ge=0, description="made scenes beside (or instead of) the data")
    classes: str | None = Field(None, description="class table: name or file; None: the data's")
    split: str | None = Field(None, description="name or file; None: the data's own folders")
    train_part: str = "train"
    val_part: str = "val"
    hold_out: float = Field(HOLD_OUT, ge=0, lt=1, description="of pairs, if no part is to validate")
    model: str | None = Field(None, description="of the registry; None: the start's, or the light")
    start: str | None = Field(None, description="checkpoint to start from")
    backbone: str | None = Field(None, description="any timm features_only network")
    pixel_size_m: float | None = Field(None, gt=0, description="scale; None: of start or data")
    stages: tuple[Stage, ...] = (DEFAULT_STAGE,)
    seed: int = Field(0, ge=0)
    loss: Literal["cross-entropy", "focal"] = "cross-entropy"
    schedule: Literal["cosine", "poly"] = "cosine"
    rate_heads: float = Field(1e-3, gt=0)
    rate_backbones: float = Field(3e-4, gt=0)
    weight_decay: float = Field(1e-2, ge=0)
    warmup_steps: int = Field(50, ge=0)
    averaging: float = Field(0.998, ge=0, lt=1, description="of the weights' running average")
    largest_gradient: float = Field(5.0, gt=0)
    crop_px: int | None = Field(None, ge=32, description="side of a view; None: two patches")
    crops: int = Field(3, ge=1, description="views in a batch, of each process")
    whole_share: float = Field(0.3, ge=0, le=1, description="of batches: one view of a frame")
    balance: float = Field(0.5, ge=0, le=1, description="of views: centred on a drawn class")
    zoom: tuple[float, float] = Field((0.85, 1.3), description="smallest and largest")
    colour: float = Field(0.2, ge=0, le=1, description="strength of random changes of colour")
    precision: Precision = "32-true"
    devices: int = Field(1, ge=1, description="processes, one for each device")
    accelerator: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    memory_budget_bytes: int | None = Field(None, gt=0, description="None: all patches at once")
    patches_at_once: int | None = Field(None, ge=1, description="chosen by the memory budget")
    cache_bytes: int = Field(1 << 30, ge=0, description="small scenes that are kept in memory")
    save_every_steps: int = Field(50, ge=1)
    validate_every_steps: int = Field(200, ge=1)
    validation_views: int = Field(16, ge=1, description="at most, each of up to a frame")
    pictures: int = Field(3, ge=0, description="views that are drawn at every validation")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not self.data and not self.made:
            raise ValueError("give a folder of images and masks, or made scenes")
        if not 0 < self.zoom[0] <= self.zoom[1]:
            raise ValueError("zoom is a smallest and a largest factor above 0")
        if not self.stages:
            raise ValueError("give at least one stage")
        return self

    @property
    def steps(self) -> int:
        """Steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    def fit(self, stage: Stage, learned_statistics: frozenset[str] = frozenset()) -> FitConfig:
        """How a stage is trained."""
        return FitConfig(
            learned_statistics=learned_statistics,
            steps=stage.steps,
            rate_heads=self.rate_heads * rate_factor(stage.name),
            rate_backbones=self.rate_backbones,
            schedule=self.schedule,
            weight_decay=self.weight_decay,
            warmup_steps=self.warmup_steps,
            averaging=self.averaging,
            largest_gradient=self.largest_gradient,
            patches_at_once=self.patches_at_once,
            save_every_steps=self.save_every_steps,
            seed=self.seed,
            precision=self.precision,
        )

    def sampling(self, patch_px: int, frame_px: int) -> Sampling:
        """What a view is like, for a network of these sizes."""
        return Sampling(
            crop_px=self.crop_px or min(2 * patch_px, frame_px),
            crops=self.crops,
            whole_share=self.whole_share,
            whole_px=frame_px,
            balance=self.balance,
            zoom=self.zoom,
            colour_strength=self.colour,
        )
