"""Write into a checkpoint's card its scores on scenes that it was not trained on.

``python -m recipes.score_card --help``
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_uhrnet.errors import exit_on_bad_input
from napari_uhrnet.evaluation.scoring.evaluate import evaluate
from napari_uhrnet.evaluation.scoring.scores import DETAILS, all_scores
from napari_uhrnet.evaluation.scoring.val_set import SETTINGS, val_pairs
from napari_uhrnet.geometry.metrics import scores_of
from napari_uhrnet.models.base.checkpoint import card_path, read_card
from napari_uhrnet.models.registry import LoadedModel, find_checkpoint, load_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_uhrnet.evaluation.scoring.truth_pairs import TruthPair
    from napari_uhrnet.geometry.classes import ClassTable


def metrics(model: LoadedModel, pairs: Sequence[TruthPair], truth: ClassTable) -> dict[str, Any]:
    """For the card: scores over all pairs and over those of each folder, by ground area."""
    scenes = []
    for found in evaluate(pairs, model, truth, SETTINGS):
        scenes.append(found.counts)
        accuracy = scores_of(found.counts.branches["fused"].pairs, truth, "ignore").accuracy
        print(f"{found.counts.pair.name}: {accuracy:.3f}", file=sys.stderr, flush=True)
    scores = all_scores(scenes, model, truth, SETTINGS)
    details = scores.pop(DETAILS)
    together = {"scenes": details["scenes"], **scores}
    parts = {f"{folder} (val)": some for folder, some in details["folders"].items()}
    return {name: _for_card(s) for name, s in {"all (val)": together, **parts}.items()}


def _for_card(scores: dict[str, Any]) -> dict[str, Any]:
    """Four digits, without matrices."""
    branches = {b: s for b, s in scores.items() if b != "scenes"}
    return {
        "scenes": scores["scenes"],
        "majority": _rounded(branches["fused"]["majority"]),
        **{
            branch: {
                "miou": _rounded(found["miou"]),
                "accuracy": _rounded(found["accuracy"]),
                "boundary_f1": _rounded(found["boundary_f1"]["mean"]),
                "iou": {name: _rounded(value) for name, value in found["iou"].items()},
            }
            for branch, found in branches.items()
        },
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def main() -> None:
    """Score on the val part of the development split, and write the scores into the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", help="a .safetensors file or a name of the registry")
    parser.add_argument("--data", type=Path, required=True, help="folder of the DeepGlobe sets")
    parser.add_argument("--split", type=Path, required=True, help="JSON with train and val")
    options = parser.parse_args()
    path = find_checkpoint(options.checkpoint)
    found = metrics(load_model(path), *val_pairs(options.data, options.split))
    card = read_card(path).model_copy(update={"metrics": found})
    part = card_path(path).with_suffix(".json.part")
    part.write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    part.replace(card_path(path))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    with exit_on_bad_input():
        main()
