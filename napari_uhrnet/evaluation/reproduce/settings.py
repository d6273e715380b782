"""The settings of a reproduction: kept in its folder, and the same in every run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from napari_uhrnet.datasets.layouts import find_pairs
from napari_uhrnet.datasets.splits import restrict
from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.reproduce.rows import ScaleName
from napari_uhrnet.evaluation.scoring.truth_pairs import Source, TruthPair, check_sizes, gather
from napari_uhrnet.store.files.disk import disk_errors, write_whole
from napari_uhrnet.strict_json import read_object
from napari_uhrnet.training.data.parts import FEWEST, HOLD_OUT, find_parts
from napari_uhrnet.training.run.config import DataFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uhrnet.datasets.layouts import Dataset
    from napari_uhrnet.geometry.classes import ClassTable

SETTINGS = "reproduce.json"
CLASSES = "classes.json"
TRAIN_PART = "train"


class ReproduceSettings(BaseModel):
    """What every run of a reproduction shares; ``drop`` leaves pairs out of the scores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: tuple[DataFolder, ...] = Field(min_length=1)
    scale: ScaleName = "light"
    steps: int = Field(ge=3)
    split: str | None = None
    drop: tuple[str, ...] = ()
    unknown: Literal["count", "ignore"] = "count"


@dataclass(frozen=True)
class ReproduceData:
    """The pairs that are scored, their part of the split, and the class table of all masks.

    ``val_part`` is what training shows its curves on; nothing is chosen by it.
    """

    pairs: list[TruthPair]
    part: str
    val_part: str
    table: ClassTable


def keep_settings(out: Path, settings: ReproduceSettings, data: ReproduceData) -> None:
    """Write the settings into the folder; UserError if it was started with others."""
    path = out / SETTINGS
    if path.exists():
        _check_same(path, settings)
        return
    with disk_errors(out, "the folder", "choose another --out"):
        table = json.dumps(data.table.to_dict(), indent=2) + "\n"
        write_whole(out / CLASSES, table.encode())
        write_whole(path, (settings.model_dump_json(indent=2) + "\n").encode())


def _check_same(path: Path, settings: ReproduceSettings) -> None:
    try:
        old = ReproduceSettings.model_validate(read_object(path))
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: cannot be read ({reason}): choose another --out") from None
    before, wanted = old.model_dump(mode="json"), settings.model_dump(mode="json")
    for name, was in before.items():
        if was != wanted[name]:
            raise UserError(
                f"{path.parent}: was started with {name} = {json.dumps(was)}, not "
                f"{json.dumps(wanted[name])}: give the same, or choose another --out"
            )


def find_data(settings: ReproduceSettings, note: Callable[[str], None]) -> ReproduceData:
    """The pairs to score: of the part test, or of val where there is no test.

    If the data have no parts, the pairs that a run holds out (`training.data.parts`) are scored,
    and ``note`` gets a remark. Raises UserError if there is no part to train on and another to
    score.
    """
    if settings.split is not None and Path(settings.split).suffix.lower() == ".txt":
        raise UserError(
            f"{settings.split}: a list of ids has no parts: give a .json split with train and val"
        )
    datasets = [find_pairs(data.folder) for data in settings.data]
    if settings.split is None and all(p.split is None for d in datasets for p in d.pairs):
        return _held_out(settings, datasets, note)
    parts = [p for p in ("test", "val") if all(_has(d, settings.split, p) for d in datasets)]
    part = parts[0] if parts else "val"
    pairs, table = gather(_sources(settings), settings.split, part, settings.drop)
    check_sizes(pairs)
    scored = {pair.image.resolve() for pair in pairs}
    for dataset in datasets:
        for pair in restrict(dataset, settings.split, TRAIN_PART).pairs:
            if pair.image.resolve() in scored:
                raise UserError(
                    f"{pair.image}: is in the parts {TRAIN_PART!r} and {part!r} of the split: "
                    "what is trained on cannot be scored"
                )
    return ReproduceData(pairs, part, "val" if "val" in parts else part, table)


def _held_out(
    settings: ReproduceSettings, datasets: list[Dataset], note: Callable[[str], None]
) -> ReproduceData:
    part = "val"
    parts = find_parts(datasets, None, TRAIN_PART, part, HOLD_OUT, note)
    if not parts.held_out:
        raise UserError(
            f"{datasets[0].folder}: fewer than {FEWEST} pairs and no parts: there is nothing to "
            "score that is not trained on; give more, or a --split"
        )
    pairs, table = gather(_sources(settings), drop=(*settings.drop, *parts.beside))
    check_sizes(pairs)
    return ReproduceData(pairs, part, part, table)


def _sources(settings: ReproduceSettings) -> list[Source]:
    return [Source(data.folder, data.pixel_size_m) for data in settings.data]


def _has(dataset: Dataset, split: str | None, part: str) -> bool:
    try:
        restrict(dataset, split, part)
    except UserError:
        return False
    return True
