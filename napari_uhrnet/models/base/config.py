"""Configs that networks are built from; stored in the card of every checkpoint."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from napari_uhrnet.models.baselines import BASELINES

MAX_PX = 2**16
MAX_CHANNELS = 4096
"""Upper limits: a card of a stranger asks for no more memory than any network of use does."""

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,80}(\.[A-Za-z0-9_]{1,80})?$")]
"""Of networks and options: no path, no address ("hf-hub:...", from which timm would download)."""
_Size = Annotated[int, Field(ge=1, le=MAX_CHANNELS)]
_Px = Annotated[int, Field(le=MAX_PX)]
_Shrink = Annotated[float, Field(le=MAX_PX)]
_Channels = Annotated[int, Field(le=MAX_CHANNELS)]
_Cells = Annotated[int, Field(le=1024)]


class UHRNetConfig(BaseModel):
    """Sizes of a UHRNet. Pixels are those of the inference grid.

    What the paper leaves open is a choice of this project, flagged "choice" below
    (reconstruction: see docs/method.md).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: _Name = Field("tf_efficientnet_lite0", description="any timm features_only network")
    pyramid: Literal["light", "glnet"] = Field(
        "light", description="top-down pyramid: summed with norms, or GLNet's plain concatenation"
    )
    frame_px: _Px = Field(1024, ge=64, description="side of what the global branch sees at once")
    patch_px: _Px = Field(288, ge=32, description="side of what the local branch sees (choice)")
    min_overlap_px: int = Field(32, ge=0, description="least overlap of patches (choice)")
    frame_shrink: _Shrink = Field(2.0, ge=1, description="frame px per px of the global branch")
    feature_channels: _Channels = Field(
        64, ge=8, description="channels of the last features F and G"
    )
    descriptor_channels: _Channels = Field(
        48, ge=4, description="channels of a descriptor (choice)"
    )
    descriptor_cells: _Cells = Field(18, ge=1, description="cells of a descriptor along a side")
    fusion_channels: _Channels = Field(
        64, ge=8, description="channels inside the one fusion (choice)"
    )
    size_multiple: _Cells = Field(
        32, ge=1, description="what the global branch's input is padded to"
    )
    classes: int = Field(6, ge=2, le=255, description="number of classes")
    use_local: bool = Field(True, description="has a local branch")
    use_global: bool = Field(True, description="has a global branch")
    local_fusion: bool = Field(True, description="patches use features of their eight neighbours")
    local_fusion_from: Literal["features", "c5"] = Field(
        "features", description="what a descriptor is made of: last features, or the backbone's"
    )
    local_fusion_form: Literal["context", "gather8"] = Field(
        "context", description="pasted at true offsets and convolved, or one weight a direction"
    )
    local_fusion_statistics: bool = Field(
        True,
        description="the pyramid's norms use mean statistics of a patch and its neighbours, not "
        "the patch's own alone (choice)",
    )
    local_fusion_hears: Literal["neighbours", "itself"] = Field(
        "neighbours",
        description="whose features local fusion uses: the eight neighbours', or only the patch's "
        "own, a control with as many weights",
    )
    readout: Literal["into_patches", "into_frame"] = Field(
        "into_patches",
        description="global features into the patches (the paper's column local), or patches "
        "merged into the frame first (its column global)",
    )
    fusion_corrects: Literal["nothing", "mean", "local"] = Field(
        "nothing",
        description="logits that the fusion corrects: its own, which start at zero, are added to "
        "the mean of the branches' or to the local branch's. Nothing: the fusion makes the logits "
        "alone (choice)",
    )
    feature_regularisation: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description="weight of the mean squared distance of F' to G in training (GLNet's code: "
        "0.15; choice: off in the light network, whose features are normalised)",
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.frame_px <= self.patch_px:
            raise ValueError("a frame must be larger than a patch")
        if self.min_overlap_px >= self.patch_px:
            raise ValueError("patches overlap by less than their size")
        if not (self.use_local or self.use_global):
            raise ValueError("a network has a local branch, a global branch, or both")
        if self.readout == "into_frame" and not (self.use_local and self.use_global):
            raise ValueError("the read-out into the frame needs both branches")
        if self.pyramid == "glnet" and self.feature_channels != 512:
            raise ValueError("GLNet's pyramid has 512 channels (4 levels of 128)")
        if self.pyramid == "glnet" and self.local_fusion_statistics:
            raise ValueError("GLNet's pyramid has no norms whose statistics could be shared")
        return self


LIGHT = UHRNetConfig(fusion_corrects="mean")
"""Two EfficientNet-Lite0 branches at about 1.2 m/px: a DeepGlobe image is one frame.

The global branch sees 2.4 m/px, as that of the paper does (4.8 times less than 0.5 m). Before it
saw 4.8 m/px: after 300 steps its own mIoU on the val half was 60 %, with 2.4 m/px 64 %.

With a fusion that does not start from the branches' mean, 80 steps of both branches reached an mIoU
of 44 % on the development split's val half, with one that does 52 % (docs/experiments.md).
"""

PAPER = UHRNetConfig(
    backbone="resnet50",
    pyramid="glnet",
    frame_px=2448,
    patch_px=508,
    min_overlap_px=50,
    frame_shrink=2448 / 508,
    feature_channels=512,
    descriptor_channels=128,
    descriptor_cells=32,
    fusion_channels=128,
    local_fusion_statistics=False,
    feature_regularisation=0.15,
    size_multiple=4,
    classes=7,
)
"""The paper's size: ResNet-50 branches, 508 px patches of a 2448 px image."""


class GLNetConfig(BaseModel):
    """A GLNet and its mode; the defaults are those of the published DeepGlobe scripts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal[1, 2, 3] = Field(
        3, description="1: global branch alone; 2: global into local; 3: local into global"
    )
    backbone: _Name = Field("resnet50", description="any timm features_only network")
    width: _Channels = Field(256, ge=4, description="channels of the pyramids' lateral maps")
    size_px: _Px = Field(508, ge=64, description="side of patches, and of a frame made small")
    frame_px: _Px = Field(2448, ge=128, description="side of what the global branch sees at once")
    normalised: bool = Field(
        False, description="pixels have ImageNet's mean and deviation (published: as they are)"
    )
    classes: int = Field(7, ge=2, le=255)

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.frame_px <= self.size_px:
            raise ValueError("a frame must be larger than a patch")
        return self


class BaselineConfig(BaseModel):
    """A baseline and how it is used; sizes are those of the paper's DeepGlobe experiments."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    baseline: str = Field(description="name in models.baselines.BASELINES")
    regime: Literal["patches", "downsampled"] = Field(
        description="patches in full resolution, or the frame made small"
    )
    size: dict[_Name, _Size | _Name] = Field({}, description="width or encoder, if not the paper's")
    frame_px: _Px = Field(2448, ge=64)
    patch_px: _Px = Field(508, ge=32)
    min_overlap_px: int = Field(50, ge=0)
    frame_shrink: _Shrink = Field(2448 / 508, ge=1, description="frame px per px of the network")
    classes: int = Field(7, ge=2, le=255)

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.baseline not in BASELINES:
            raise ValueError(f"no such baseline: choose one of {', '.join(BASELINES)}")
        if not self.min_overlap_px < self.patch_px < self.frame_px:
            raise ValueError("overlap < patch < frame must hold")
        return self


Config = UHRNetConfig | GLNetConfig | BaselineConfig
"""The config of any network; which one is recognised by its fields."""
