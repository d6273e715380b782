"""The scenes that the shipped checkpoints are scored on: the val part of two DeepGlobe sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.evaluation.scoring.evaluate import Settings
from napari_uhrnet.evaluation.scoring.truth_pairs import Source, gather

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uhrnet.evaluation.scoring.truth_pairs import TruthPair
    from napari_uhrnet.geometry.classes import ClassTable

QUADRANTS_OF_VAL = ("0140", "0183")
"""Quarter tiles that show a part of a full val image, which counts already."""
SETS = {"deepglobe_tiles512": 1.196, "deepglobe_full": 0.5}
"""Folders that are scored together, and their metres per pixel."""
SETTINGS = Settings(unknown="ignore")


def val_pairs(data: Path, split: Path) -> tuple[list[TruthPair], ClassTable]:
    """The val part of the DeepGlobe sets, without what is in both of them."""
    sources = [Source(data / folder, pixel_size_m) for folder, pixel_size_m in SETS.items()]
    return gather(sources, split, "val", QUADRANTS_OF_VAL, "deepglobe")
