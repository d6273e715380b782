"""What the UHRNet paper publishes: mIoU in % on the DeepGlobe test set.

"A Semantic Segmentation Network Specifically for Ultra-High-Resolution Images", ICPR 2020, printed
as "UHRSNet" in the proceedings: its main table and its ablation.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

TableName = Literal["main", "ablation"]
SOURCE = "UHRNet paper (ICPR 2020), mIoU in % on DeepGlobe's test images"


@dataclass(frozen=True)
class Published:
    """A number of the paper: of ``key`` and, in the main table, of ``column`` local or global."""

    key: str
    title: str
    column: str
    miou: float


def _main() -> Iterator[Published]:
    rows = (
        ("icnet", "ICNet", 35.5, 43.0),
        ("unet", "U-Net", 37.3, 38.4),
        ("pspnet", "PSPNet", 53.3, 56.6),
        ("segnet", "SegNet", 60.1, 61.2),
        ("fcn8s", "FCN-8s", 63.1, 68.0),
        ("deeplabv3plus", "DeepLabv3+", 63.6, 65.5),
        ("glnet", "GLNet", 68.9, 69.4),
        ("uhrnet", "UHRNet", 71.4, 72.0),
    )
    for key, title, local, of_global in rows:
        yield Published(key, title, "local", local)
        yield Published(key, title, "global", of_global)


MAIN = tuple(_main())
"""Trained and run on patches (local) or on the downsampled image (global); of networks with two
branches these are the two read-outs: global features into the patches, patches into the frame."""

ABLATION = (
    Published("local", "local branch", "", 57.3),
    Published("local-llf", "local branch, local fusion", "", 63.1),
    Published("global", "global branch", "", 66.4),
    Published("both", "both branches", "", 70.9),
    Published("both-llf", "both branches, local fusion", "", 72.0),
)
"""From the lowest to the highest, as published."""


def orders() -> list[tuple[TableName, Published, Published]]:
    """Which number is the higher one of two, as (table, lower, higher).

    Of the main table: a network's two columns, and neighbours in each column; of the ablation:
    neighbours.
    """
    columns = [[p for p in MAIN if p.column == c] for c in ("local", "global")]
    pairs: list[tuple[TableName, Published, Published]] = [
        ("main", *_sorted(a, b)) for a, b in zip(*columns, strict=True)
    ]
    for column in columns:
        ranked = sorted(column, key=lambda p: p.miou)
        pairs += [("main", a, b) for a, b in pairwise(ranked)]
    return pairs + [("ablation", a, b) for a, b in pairwise(ABLATION)]


def _sorted(a: Published, b: Published) -> tuple[Published, Published]:
    return (a, b) if a.miou <= b.miou else (b, a)
