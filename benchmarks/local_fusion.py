"""What local feature fusion gives to branches that are the same: trained alone, with controls.

    python benchmarks/local_fusion.py --data DATA --split SPLIT.json --out RUN CHECKPOINT [...]

Of each light UHRNet (for example one a seed) the branches and their heads stay as they are; the
fusions are made anew and trained on the same views four times: with local fusion of all nine
patches, with its convolved context but without shared statistics of norms, with the patch's own
features only (as many parameters), and without local fusion. Runs that were stopped are resumed.
Printed is mIoU on the split's val part of the fused and the local prediction, and the gain by
neighbours (bootstrap over groups of scenes).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch

from napari_uhrnet.evaluation.scoring.evaluate import evaluate
from napari_uhrnet.evaluation.scoring.paired import paired, read_groups, table
from napari_uhrnet.evaluation.scoring.val_set import SETTINGS, val_pairs
from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.models.base.checkpoint import read_card, read_weights, save_checkpoint
from napari_uhrnet.models.build import build_network
from napari_uhrnet.models.registry import load_model
from napari_uhrnet.resources import resource_path
from napari_uhrnet.training.data.sampling import Sampling, class_shares, draw_batch
from napari_uhrnet.training.loop.fit import FitConfig, fit
from napari_uhrnet.training.loop.losses import Objective, class_weights
from napari_uhrnet.training.loop.stages import enter_stage, rate_factor
from recipes.light import RATES
from recipes.light_sources import read_sources

VARIANTS = {
    "neighbours": {},
    "context": {"local_fusion_statistics": False},
    "itself": {"local_fusion_hears": "itself"},
    "nobody": {"local_fusion": False},
}
BRANCHES = ("global_branch.", "global_head.", "local_branch.", "local_head.")
SAMPLING = Sampling(whole_share=0.5, colour_strength=0.3)
"""Whole scenes more often: only there do patches have all their neighbours."""


def main() -> None:
    """Train what is missing, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--split", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    known = ClassTable.from_file(resource_path("palettes", "deepglobe.json")).without_ignored()
    train = json.loads(options.split.read_text(encoding="utf-8"))["train"]
    made = {
        (name, k): options.out / f"{k}-{name}" / "uhrnet.safetensors"
        for k in range(len(options.checkpoints))
        for name in VARIANTS
    }
    if not all(path.exists() for path in made.values()):
        sources = read_sources(options.data, train, known)
        for (name, k), path in made.items():
            if not path.exists():
                train_fusions(
                    options.checkpoints[k],
                    name,
                    sources,
                    known,
                    options.steps,
                    options.seed + k,
                    path,
                )
                print(f"trained: {path}", flush=True)
    score(made, len(options.checkpoints), options)


def train_fusions(start, variant, sources, known, steps, seed, path) -> None:
    """The fusions of a checkpoint, with frozen branches."""
    old = read_card(start)
    config = old.config.model_copy(update=VARIANTS[variant])
    torch.manual_seed(seed)
    model = build_network(config)
    branches = {k: v for k, v in read_weights(start, old).items() if k.startswith(BRANCHES)}
    model.load_state_dict(branches, strict=False)
    enter_stage(model, "fusions")
    heads, _ = RATES["uhrnet-light"]
    fitting = FitConfig(steps=steps, seed=seed, rate_heads=heads * rate_factor("fusions"))
    objective = Objective(class_weights(class_shares(sources, known)))

    def draw(rng):
        return draw_batch(sources, SAMPLING, rng)

    for progress in fit(model, draw, known, objective, fitting, path.parent):
        if progress.step % 20 == 0:
            print(f"{path.parent.name}: step {progress.step} of {steps}", flush=True)
    card = old.model_copy(update={"name": path.parent.name, "config": config})
    save_checkpoint(path, model.state_dict(), card)


def score(made, count, options) -> None:
    """MIoU of both predictions, and differences."""
    pairs, classes = val_pairs(options.data, options.split)
    groups = read_groups(options.data / "deepglobe_tiles512.csv")
    counts = {
        key: [found.counts for found in evaluate(pairs, load_model(str(path)), classes, SETTINGS)]
        for key, path in made.items()
    }
    for branch in ("fused", "local"):
        for other in ("itself", "context", "nobody"):
            a, b = (
                [[of_branch(s, branch) for s in counts[name, k]] for k in range(count)]
                for name in (other, "neighbours")
            )
            found = paired(a, b, classes, SETTINGS.unknown, groups)
            names = f"local fusion: {other}", "local fusion: neighbours"
            print(f"\n{branch} prediction\n{table(found, *names)}")


def of_branch(scene, branch):
    """Counts with a branch's prediction as the fused one, which `paired` reads."""
    return replace(scene, branches={"fused": scene.branches[branch]})


if __name__ == "__main__":
    main()
