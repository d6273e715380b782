"""What the local branch loses by seeing a patch at a time, and the norms' part of it.

    python benchmarks/patch_context.py CHECKPOINT --data DATA --split SPLIT.json [--patches PX ...]

The local branch of a light UHRNet, without a further step of training, in patches of several sizes:
normed by each patch's own statistics, and by those of the patches around it, too. What else local
fusion adds is left out in both. Printed is mIoU on the split's val part.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from napari_uhrnet.evaluation.scoring.val_set import val_pairs
from napari_uhrnet.models.build import build_network
from napari_uhrnet.models.registry import load_model
from recipes.score_card import metrics

LOCAL = ("local_branch.", "local_head.")


def main() -> None:
    """Score every size twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--split", required=True, type=Path)
    parser.add_argument("--patches", type=int, nargs="+", default=[96, 160, 288, 544])
    options = parser.parse_args()
    model = load_model(str(options.checkpoint))
    pairs, classes = val_pairs(options.data, options.split)
    for patch_px in options.patches:
        for statistics in ("itself", "neighbours"):
            changed = replace(model, network=local_alone(model.network, patch_px, statistics))
            parts = metrics(changed, pairs, classes)
            scores = ", ".join(
                f"{name} {100 * s['local']['miou']:.1f}" for name, s in parts.items()
            )
            print(f"{patch_px} px, statistics of {statistics}: {scores}", flush=True)


def local_alone(network, patch_px, statistics):
    """The local branch in other patches; its local fusion shares statistics and adds nothing."""
    changes = {
        "use_global": False,
        "patch_px": patch_px,
        "local_fusion_hears": statistics,
        "local_fusion_statistics": True,
    }
    made = build_network(network.config.model_copy(update=changes))
    weights = {k: v for k, v in network.state_dict().items() if k.startswith(LOCAL)}
    made.load_state_dict(weights, strict=False)
    torch.nn.init.zeros_(made.local_fusion.tell.weight)
    return made.eval()


if __name__ == "__main__":
    main()
