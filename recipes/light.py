"""The recipe of the shipped light checkpoints: ``python -m recipes.light --help``.

Views are drawn from quarter tiles at 1.196 m/px, full scenes scaled to it, scenes of which only
forest is labelled, and made scenes. Labels that other networks gave to scenes without a truth
(`recipes.pseudo_labels`) are learned where these are surest. The run can be stopped at any moment
and resumed.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import torch
from lightning.fabric import Fabric

from napari_uhrnet.errors import UserError, exit_on_bad_input
from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.models.base.checkpoint import Card, read_card, read_weights, save_checkpoint
from napari_uhrnet.models.base.trained_on import joined
from napari_uhrnet.models.build import build_network
from napari_uhrnet.models.registry import find_entry
from napari_uhrnet.resources import resource_path
from napari_uhrnet.training.data.sampling import Sampling, class_shares, draw_batch
from napari_uhrnet.training.loop.fit import FitConfig, fit
from napari_uhrnet.training.loop.losses import Objective, class_weights
from napari_uhrnet.training.loop.precision import quick_precision
from napari_uhrnet.training.loop.stages import StageName, enter_stage, rate_factor
from napari_uhrnet.training.run.setup import architecture
from napari_uhrnet.training.run.start import of_use, start_backbones
from recipes.light_sources import (
    MADE_SCENES,
    MADE_SEED,
    PIXEL_SIZE_M,
    SURE_SHARE,
    images_of,
    read_sources,
)

if TYPE_CHECKING:
    import numpy as np

    from napari_uhrnet.models.base.config import Config
    from napari_uhrnet.models.build import Network
    from napari_uhrnet.training.data.sampling import FrameSource, View

SAMPLING = Sampling(whole_share=0.3)
RATES = {"uhrnet-light": (1e-3, 3e-4), "glnet-light": (2e-4, 1e-4)}
"""Of new and of pretrained layers. With UHRNet's rates the loss of GLNet, whose pyramid has no
norms, was after 75 steps where it began."""
TERMS = (
    "Trained on DeepGlobe land-cover images, whose terms allow non-commercial research only: "
    "use these weights for non-commercial research."
)


def main() -> None:
    """Train, then write the checkpoint beside the run's log."""
    options = _options()
    config = _config(options)
    split = json.loads(options.split.read_text(encoding="utf-8"))["train"]
    known = ClassTable.from_file(resource_path("palettes", "deepglobe.json")).without_ignored()
    sampling = replace(
        SAMPLING,
        colour_strength=options.colour,
        zoom=tuple(options.zoom),
        whole_share=options.whole,
    )
    sources = read_sources(options.data, split, known, options.pseudo_labels)
    shape = find_entry(options.model).config
    if options.corrects is not None:
        shape = shape.model_copy(update={"fusion_corrects": options.corrects})
    torch.manual_seed(config.seed)
    model = build_network(shape)
    start = start_backbones(model, print)
    if options.start is not None:
        start = resume_from(model, options.start)
    enter_stage(model, options.stage)
    objective = Objective(class_weights(class_shares(sources, known)))
    fabric = Fabric(accelerator="cpu", devices=1, precision=config.precision)

    def draw(rng: np.random.Generator) -> list[View]:
        return draw_batch(sources, sampling, rng)

    for progress in fit(model, draw, known, objective, config, options.run, fabric):
        if progress.step % 10 == 0:
            said = " ".join(f"{k} {v:.3f}" for k, v in progress.branches.items())
            print(f"{time.strftime('%H:%M:%S')} step {progress.step} of {config.steps}: {said}")
    images = images_of(options.data, split, pseudo_labels=options.pseudo_labels is not None)
    seen = joined(images, read_card(options.start).trained_on if options.start else "")
    described = card(options.model, shape, known, config, sampling, sources, start, seen)
    described.training["stage"] = options.stage
    if options.pseudo_labels is not None:
        described.training["taught"] = f"surest {SURE_SHARE:.0%} of each class, by networks"
    save_checkpoint(options.run / f"{options.model}.safetensors", model.state_dict(), described)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--model", choices=RATES, default="uhrnet-light")
    add("--data", type=Path, required=True, help="folder of the DeepGlobe sets")
    add("--split", type=Path, required=True, help="JSON with train and val")
    add("--run", type=Path, required=True, help="run folder, made or gone on with")
    add("--steps", type=int, default=FitConfig.steps)
    add("--seed", type=int, default=FitConfig.seed)
    add("--stage", choices=get_args(StageName), default="joint", help="see training.stages")
    add("--corrects", choices=("mean", "local"), help="what the fusion of a UHRNet is added to")
    add("--start", type=Path, help="checkpoint to go on from, not ImageNet")
    add("--taught", dest="pseudo_labels", type=Path, help="folder of recipes.pseudo_labels")
    add("--colour", type=float, default=SAMPLING.colour_strength, help="strength of its jitter")
    add("--zoom", type=float, nargs=2, default=SAMPLING.zoom, help="smallest and largest")
    add("--whole", type=float, default=SAMPLING.whole_share, help="share of whole frames")
    quick = quick_precision(torch.device("cpu"))
    add("--precision", default=quick, help="bf16-mixed or 32-true")
    options = parser.parse_args()
    if options.corrects is not None and options.model != "uhrnet-light":
        parser.error(f"--corrects: {options.model} has no fusion that corrects anything")
    return options


def _config(options: argparse.Namespace) -> FitConfig:
    heads, backbones = RATES[options.model]
    return FitConfig(
        steps=options.steps,
        seed=options.seed,
        precision=options.precision,
        rate_heads=heads * rate_factor(options.stage),
        rate_backbones=backbones,
    )


def resume_from(model: Network, path: Path) -> str:
    """Take a checkpoint's weights (`start.of_use`); returns what the card says of the start."""
    old = read_card(path)
    weights = of_use(read_weights(path, old), old.config, model.config)
    missing, unknown = model.load_state_dict(weights, strict=False)
    if unknown or any(not key.startswith("fused_head.") for key in missing):
        raise UserError(f"{path}: is no checkpoint of this network")
    return f"{old.name} after {old.training.get('steps')} steps (sha256 {old.sha256})"


def card(
    name: str,
    shape: Config,
    classes: ClassTable,
    config: FitConfig,
    sampling: Sampling,
    sources: list[FrameSource],
    start: str,
    trained_on: str,
) -> Card:
    """What the checkpoint says of itself; scores are added when it is evaluated."""
    return Card(
        name=name,
        title=find_entry(name).description,
        architecture=architecture(shape),
        config=shape,
        class_table=classes.to_dict(),
        pixel_size_m=PIXEL_SIZE_M,
        terms=TERMS,
        training={
            "data": "DeepGlobe land cover: quarter tiles at 1.196 m/px and full images at 0.5 m/px "
            "(train half of the development split), scenes of which only forest is labelled; made "
            "scenes of this package",
            "frames": {source.name: len(source.frames) for source in sources},
            "shares": {source.name: source.share for source in sources},
            "made_seeds": [MADE_SEED, MADE_SEED + MADE_SCENES - 1],
            "start": start,
            "loss": "cross entropy, classes weighted by 1 / sqrt(frequency), at most 3",
            "views": asdict(sampling),
            **asdict(config),
        },
        trained_on=trained_on,
    )


if __name__ == "__main__":
    with exit_on_bad_input():
        main()
