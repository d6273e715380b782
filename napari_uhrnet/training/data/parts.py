"""Which pairs of data sets are trained on, and which are only validated on."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_uhrnet.datasets.splits import restrict
from napari_uhrnet.errors import UserError
from napari_uhrnet.store.files.disk import disk_errors, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from napari_uhrnet.datasets.layouts import Dataset, Pair

SPLIT = "split.json"
HOLD_OUT = 0.15
"""Of the pairs of a data set without a part to validate on (choice)."""
FEWEST = 4
"""With fewer pairs all are trained on: holding one out would leave too few."""


@dataclass(frozen=True)
class Parts:
    """Of each data set, in their order, the pairs of both parts; either may be empty.

    ``held_out`` are the names of pairs that were kept for validation because no part was given,
    ``beside`` those of the other pairs of the same data sets.
    """

    train: tuple[Dataset, ...]
    val: tuple[Dataset, ...]
    held_out: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def keep(self, folder: Path) -> None:
        """Write what was held out as a split, once.

        Raises UserError if the run of the folder held out other pairs: trained on what it is
        validated on, it would score too high.
        """
        path, text = folder / SPLIT, self._text()
        if path.exists():
            if path.read_bytes() != text.encode():
                raise UserError(
                    f"{path}: other pairs were held out when the run was started: restore the "
                    "folders of the data, or start a new run with this file as --split"
                )
        elif self.held_out:
            with disk_errors(folder, "the run folder", "choose another --out"):
                write_whole(path, text.encode())

    def _text(self) -> str:
        content = {"train": sorted(self.beside), "val": sorted(self.held_out)}
        return json.dumps(content, indent=1) + "\n"


def find_parts(
    datasets: Sequence[Dataset],
    split: str | None,
    train_part: str,
    val_part: str,
    share: float,
    note: Callable[[str], None],
) -> Parts:
    """Pairs to train on and to validate on.

    A split, or parts given by folders, are kept. Of a data set that comes in no part to validate
    on, the last ``share`` of the pairs by name is held out: neighbours by name are often neighbours
    on the ground, and scattered ones would show what was trained on. A pair of the same name in
    another such data set is held out, too: it is likely the same place.
    """
    train = [_part(dataset, split, train_part) for dataset in datasets]
    if split is not None:
        return Parts(tuple(train), tuple(restrict(d, split, val_part) for d in datasets))
    val = [_only(d, (p for p in d.pairs if p.split == val_part)) for d in datasets]
    without = [k for k, found in enumerate(val) if not found.pairs]
    held = {p.name for k in without for p in _last(train[k].pairs, share)}
    beside = {p.name for k in without for p in train[k].pairs} - held
    for k in without:
        own = train[k]
        train[k] = _only(own, (p for p in own.pairs if p.name not in held))
        val[k] = _only(own, (p for p in own.pairs if p.name in held))
        note(_said(val[k], len(own.pairs), val_part))
    return Parts(tuple(train), tuple(val), tuple(held), tuple(beside))


def _part(dataset: Dataset, split: str | None, part: str) -> Dataset:
    if split is None and all(p.split is None for p in dataset.pairs):
        return dataset
    return restrict(dataset, split, part)


def _only(dataset: Dataset, pairs: Iterable[Pair]) -> Dataset:
    return replace(dataset, pairs=tuple(pairs))


def _last(pairs: tuple[Pair, ...], share: float) -> tuple[Pair, ...]:
    if len(pairs) < FEWEST or not share:
        return ()
    count = min(max(1, round(share * len(pairs))), len(pairs) - 1)  # one is left to train on
    return pairs[-count:]


def _said(held: Dataset, count: int, part: str) -> str:
    start = f"{held.folder}: has no part {part!r}: "
    if not held.pairs:
        return f"{start}nothing is validated on it"
    return (
        f"{start}{len(held.pairs)} of its {count} pairs are held out, the last by name; "
        f"{SPLIT} in the run folder names them"
    )
