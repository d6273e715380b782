"""The rows of the paper's tables as networks: at the paper's size, and small enough for a CPU."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from napari_uhrnet.evaluation.reproduce.paper_tables import ABLATION, MAIN, Published, TableName
from napari_uhrnet.models.base.config import (
    LIGHT,
    PAPER,
    BaselineConfig,
    Config,
    GLNetConfig,
    UHRNetConfig,
)
from napari_uhrnet.models.registry import find_entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_uhrnet.training.loop.stages import StageName

ScaleName = Literal["light", "paper"]

GLNET_STEPS: dict[StageName, int] = {"global": 9120, "local": 3800, "readout": 9120}
"""GLNet's published schedule on DeepGlobe: 120, 50 and 120 epochs of 76 batches."""

_LIGHT_BASELINES: dict[str, dict[str, int | str]] = {
    "icnet": {"width": 32},
    "unet": {"width": 16},
    "pspnet": {"encoder": f"tu-{LIGHT.backbone}", "channels": 64},
    "segnet": {"width": 16},
    "fcn8s": {"width": 16},
    "deeplabv3plus": {"encoder": f"tu-{LIGHT.backbone}", "channels": 64},
}
"""Encoders that can be light are UHRNet's; VGG and U-Net have a quarter of their width."""

_REGIMES = {"local": "patches", "global": "downsampled"}
_READOUTS = {"local": "into_patches", "global": "into_frame"}
_MODES = {"local": 2, "global": 3}

_ABLATED: dict[str, dict[str, object]] = {
    "local": {"use_global": False, "local_fusion": False},
    "local-llf": {"use_global": False},
    "global": {"use_local": False},
    "both": {"local_fusion": False},
    "both-llf": {},
    "local-itself": {"use_global": False, "local_fusion_hears": "itself"},
    "both-itself": {"local_fusion_hears": "itself"},
}
_CONTROLS = {
    "local-itself": "control: local branch, local fusion of own features only",
    "both-itself": "control: both branches, local fusion of own features only",
}
ABLATION_READOUT = "into_frame"
"""Of the rows with both branches. The ablation's last number is the main table's global column, so
patches are merged into the frame (choice: the paper leaves it open)."""
AVERAGE = "average"
FUSION_SHARE = 3 / 8
"""Of the steps of a light UHRNet: those that train its fusions, with the branches frozen. Trained
together with the branches, local fusion learns little (docs/experiments.md)."""


@dataclass(frozen=True)
class Scale:
    """Sizes of the networks, and how they are trained; ``settings`` are fields of `TrainConfig`.

    ``staged``: networks with two branches are trained in GLNet's stages. Else they are trained all
    at once, but for a UHRNet's fusions, which follow its branches.
    """

    uhrnet: UHRNetConfig
    glnet: GLNetConfig
    baselines: Mapping[str, Mapping[str, int | str]]
    pixel_size_m: float
    steps: int
    staged: bool
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One number to reproduce.

    ``run`` names the folder of what is trained, which rows may share; ``config`` is None for a row
    that needs no training: the average of the branches of the run ``of``. A control is not in the
    paper: its ``published`` is None.

    ``branches`` is the run whose network this one starts from, and whose branches stay as they are:
    rows that share it differ in nothing but their fusions. It is trained, not scored.
    """

    table: TableName
    key: str
    title: str
    column: str
    run: str
    config: Config | None
    published: float | None = None
    of: str = ""
    branches: Row | None = None
    scored: bool = True


def scale_of(name: ScaleName) -> Scale:
    """The sizes and the training of a name."""
    return _light() if name == "light" else _paper()


def _light() -> Scale:
    glnet = find_entry("glnet-light").config
    assert isinstance(glnet, GLNetConfig)
    views = {"crop_px": 512, "crops": 3, "whole_share": 0.3}
    return Scale(LIGHT, glnet, _LIGHT_BASELINES, 1.196, 300, staged=False, settings=views)


def _paper() -> Scale:
    settings = {
        "crop_px": PAPER.frame_px,
        "crops": 6,
        "whole_share": 0.0,
        "balance": 0.0,
        "zoom": (1.0, 1.0),
        "colour": 0.0,
        "loss": "focal",
        "schedule": "poly",
        "rate_heads": 5e-5,
        "rate_backbones": 5e-5,
        "weight_decay": 5e-4,
        "patches_at_once": 6,
    }
    glnet, steps = GLNetConfig(mode=3), sum(GLNET_STEPS.values())
    return Scale(PAPER, glnet, {}, 0.5, steps, staged=True, settings=settings)


def rows_of(scale: Scale, table: TableName | None = None) -> list[Row]:
    """The rows of a table, or of both, in the paper's order; controls come after the ablation."""
    rows = []
    if table != "ablation":
        rows += [_main_row(scale, published) for published in MAIN]
    if table != "main":
        rows += [_ablation_row(scale, p.key, p.title, p) for p in ABLATION]
        rows += [_ablation_row(scale, key, title) for key, title in _CONTROLS.items()]
        title = "control: average of local and global logits"
        rows.append(Row("ablation", AVERAGE, title, "", AVERAGE, None, of="uhrnet-both"))
    return [_after_branches(scale, row) for row in rows]


def _after_branches(scale: Scale, row: Row) -> Row:
    """A row whose fusions are trained after its branches, which have a separate run."""
    config = row.config
    if scale.staged or not isinstance(config, UHRNetConfig) or not config.use_local:
        return row
    if not (config.use_global or config.local_fusion):
        return row
    run = _BRANCHES[config.readout] if config.use_global else "branches-local"
    alone = _changed(config, {"local_fusion": False, "local_fusion_hears": "neighbours"})
    return replace(row, branches=Row(row.table, "", run, "", run, alone, scored=False))


def _main_row(scale: Scale, published: Published) -> Row:
    key, column = published.key, published.column
    config: Config
    if key == "uhrnet":
        config = _changed(scale.uhrnet, {"readout": _READOUTS[column]})
    elif key == "glnet":
        config = scale.glnet.model_copy(update={"mode": _MODES[column]})
    else:
        config = _baseline(scale, key, _REGIMES[column])
    run = f"{key}-{column}"
    return Row("main", key, published.title, column, run, config, published.miou)


def _ablation_row(scale: Scale, key: str, title: str, published: Published | None = None) -> Row:
    change = dict(_ABLATED[key])
    if key.startswith("both"):
        change["readout"] = ABLATION_READOUT
    config = _changed(scale.uhrnet, change)
    # All of UHRNet is a row of the main table, too, and trained once.
    same = next((c for c, readout in _READOUTS.items() if readout == config.readout), "")
    run = f"uhrnet-{same}" if key == "both-llf" else f"uhrnet-{_RUNS.get(key, key)}"
    return Row("ablation", key, title, "", run, config, published.miou if published else None)


_RUNS = {
    "local": "local-branch",
    "local-llf": "local-branch-llf",
    "local-itself": "local-branch-itself",
    "global": "global-branch",
}
"""Names of runs that would else be those of the main table's columns."""
_BRANCHES = {"into_frame": "branches-frame", "into_patches": "branches-patches"}
"""Names of the runs of both branches, by read-out."""


def _changed(config: UHRNetConfig, change: dict[str, object]) -> UHRNetConfig:
    return UHRNetConfig.model_validate(config.model_dump() | change)


def _baseline(scale: Scale, name: str, regime: str) -> BaselineConfig:
    uhrnet = scale.uhrnet
    return BaselineConfig.model_validate(
        {
            "baseline": name,
            "regime": regime,
            "size": dict(scale.baselines.get(name, {})),
            "frame_px": uhrnet.frame_px,
            "patch_px": uhrnet.patch_px,
            "min_overlap_px": uhrnet.min_overlap_px,
            "frame_shrink": uhrnet.frame_shrink,
        }
    )


def stages_of(scale: Scale, row: Row, steps: int) -> tuple[dict[str, Any], ...]:
    """Stages that, with those of the row's branches, add up to ``steps``.

    GLNet's for two branches, in its proportions. Its third mode looks at patches through a copy of
    the global branch, which must be trained before: it has stages at every scale.
    """
    assert row.config is not None
    fusions = max(1, round(steps * FUSION_SHARE))
    if row.branches is not None:
        return ({"name": "fusions", "steps": fusions},)
    if not row.scored:
        return ({"name": "joint", "steps": steps - fusions},)
    names = _stage_names(scale, row.config)
    if not names:
        return ({"name": "joint", "steps": steps},)
    total, left, stages = sum(GLNET_STEPS[n] for n in names), steps, []
    for k, name in enumerate(names):
        rest = len(names) - k - 1
        share = left if not rest else max(1, min(round(steps * GLNET_STEPS[name] / total), left))
        stages.append({"name": name, "steps": share})
        left -= share
    return tuple(stages)


def _stage_names(scale: Scale, config: Config) -> tuple[StageName, ...]:
    if isinstance(config, GLNetConfig):
        if config.mode == 3:
            return ("global", "local", "readout")
        return ("global", "local") if scale.staged and config.mode == 2 else ()
    if isinstance(config, UHRNetConfig) and scale.staged and config.use_local and config.use_global:
        into_frame = config.readout == "into_frame"
        return ("global", "local", "readout") if into_frame else ("global", "local")
    return ()
