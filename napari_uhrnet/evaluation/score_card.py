"""Write into a checkpoint's card what it scores on scenes it never saw.

``python -m napari_uhrnet.evaluation.score_card --help``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_uhrnet.evaluation.evaluate import Pair, evaluate
from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.geometry.metrics import Confusion
from napari_uhrnet.models.checkpoint import card_path, read_card
from napari_uhrnet.models.registry import LoadedModel, find_checkpoint, load_model
from napari_uhrnet.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Sequence

QUADRANTS_OF_VAL = ("0140", "0183")
"""Quarter tiles that show a part of a full val image: not counted a second time."""
SETS = {"deepglobe_full": ("full", 0.5), "deepglobe_tiles512": ("tiles", 1.196)}


def val_pairs(data: Path, split: dict[str, Sequence[str]], folder: str) -> list[Pair]:
    """The val half of one of the two DeepGlobe sets."""
    key, pixel_size_m = SETS[folder]
    names = [n for n in split[key] if n not in QUADRANTS_OF_VAL]
    return [
        Pair(data / folder / f"{n}_sat.jpg", data / folder / f"{n}_mask.png", pixel_size_m)
        for n in names
    ]


def scores(model: LoadedModel, pairs: list[Pair], truth: ClassTable) -> dict[str, Any]:
    """Scores of every branch over all pairs, unknown ignored, and the majority class's accuracy."""
    total = {branch: Confusion() for branch in model.branches}
    for pair, counted in evaluate(pairs, model, truth):
        for branch, confusion in counted.items():
            total[branch].counts += confusion.counts
        print(f"{pair.image.name}: {counted['fused'].scores(truth).accuracy:.3f}", flush=True)
    found = {branch: confusion.scores(truth) for branch, confusion in total.items()}
    rounded = {branch: _rounded(s.to_dict()) for branch, s in found.items()}
    return {"scenes": len(pairs), "majority": round(found["fused"].majority, 4), **rounded}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return round(value, 4)


def main() -> None:
    """Score on the val half of the development split, and write the scores into the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", help="a .safetensors file or a name of the registry")
    parser.add_argument("--data", type=Path, required=True, help="folder of the DeepGlobe sets")
    parser.add_argument("--split", type=Path, required=True, help="JSON with train and val")
    options = parser.parse_args()
    path = find_checkpoint(options.checkpoint)
    model = load_model(path)
    truth = ClassTable.from_file(resource_path("palettes", "deepglobe.json"))
    split = json.loads(options.split.read_text(encoding="utf-8"))["val"]
    metrics = {
        f"{folder} (val)": scores(model, val_pairs(options.data, split, folder), truth)
        for folder in SETS
    }
    card = read_card(path).model_copy(update={"metrics": metrics})
    card_path(path).write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    print(json.dumps(metrics, indent=2))


if __name__ == "__main__":
    main()
