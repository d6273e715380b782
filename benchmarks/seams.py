"""How often overlapping patches disagree, with and without their neighbours' features.

    python benchmarks/seams.py --model MODEL --pixel-size METRES IMAGE [IMAGE ...]

Where two patches overlap both predict a class for each pixel. Blending hides where they disagree,
and that is where seams would be. The same weights are run three times: as they are, with local
fusion of each patch's own features only, and without local fusion. Printed is the share of
overlapping pixels (of pairs of neighbours along an axis) on which the two differ, per branch, over
all images.
"""

from __future__ import annotations

import argparse
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch.nn.functional as F

from napari_uhrnet import load_model, open_scene
from napari_uhrnet.engine.inspect.neighbours import without_local_fusion
from napari_uhrnet.engine.passes.state import EngineState
from napari_uhrnet.engine.passes.steps import decode
from napari_uhrnet.engine.planning.layout import SceneLayout
from napari_uhrnet.models.uhrnet.branch import STRIDE_PX

BRANCHES = ("fused", "local")


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="+", type=Path)
    parser.add_argument("--model", default="uhrnet-light")
    parser.add_argument("--pixel-size", type=float, required=True, help="metres")
    options = parser.parse_args()
    loaded = load_model(options.model)
    alone = replace(loaded, network=fusing_itself(loaded.network))
    compared = {
        "as it is": loaded,
        "own features only": alone,
        "without local fusion": without_local_fusion(loaded),
    }
    for name, model in compared.items():
        differ = dict.fromkeys(BRANCHES, 0)
        pixels = 0
        for path in options.images:
            with open_scene(path, pixel_size_m=options.pixel_size) as scene:
                found, seen = disagreement(scene, model)
            pixels += seen
            for branch in BRANCHES:
                differ[branch] += found[branch]
        shares = ", ".join(f"{branch} {100 * differ[branch] / pixels:.2f} %" for branch in BRANCHES)
        print(f"{name}: {shares} of {pixels} pixels", flush=True)


def fusing_itself(network: Any) -> Any:
    """The same layers, but local fusion uses the patch's own features only (`UHRNetConfig`)."""
    other = copy(network)
    other.config = network.config.model_copy(update={"local_fusion_hears": "itself"})
    return other


def disagreement(scene: Any, model: Any) -> tuple[dict[str, int], int]:
    """Pixels on which neighbours differ, by branch, and pixels of all overlaps."""
    layout = SceneLayout.build(scene.shape_yx, scene.pixel_size_m, model)
    state, grid = EngineState(scene, layout, model), layout.patches
    cells = [(i, j) for i in range(grid.rows) for j in range(grid.columns)]
    labels = {cell: labels_of(logits) for cell, logits in decode(state, cells).items()}
    differ, pixels = dict.fromkeys(BRANCHES, 0), 0
    for i, j in cells:
        for other in ((i + 1, j), (i, j + 1)):
            if other not in labels:
                continue
            a, b = grid.window((i, j)), grid.window(other)
            both = a.intersect(b)
            pixels += both.height * both.width
            for branch in BRANCHES:
                one = labels[i, j][branch][both.relative_to(a).slices]
                two = labels[other][branch][both.relative_to(b).slices]
                differ[branch] += int((one != two).sum())
    return differ, pixels


def labels_of(logits: Any) -> dict[str, Any]:
    """(p, p) channel of every branch at the patch's own pixels."""
    found = {}
    for branch in BRANCHES:
        values = logits.logits[branch][None]
        size = tuple(STRIDE_PX * n for n in values.shape[-2:])
        full = F.interpolate(values, size=size, mode="bilinear", align_corners=False)
        found[branch] = full[0].argmax(dim=0)
    return found


if __name__ == "__main__":
    main()
