"""How much of what is segmented each class takes up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def class_areas(counts: NDArray[np.int64]) -> dict[int, int]:
    """Pixels by class id from (256,) counts of ids; classes that were not found are left out."""
    return {int(i): int(counts[i]) for i in np.flatnonzero(counts[:NOTHING])}


def shares(areas_px: Mapping[int, int]) -> dict[int, float]:
    """The part of the segmented area of each class id, 0..1."""
    total = sum(areas_px.values())
    return {i: n / total for i, n in areas_px.items()} if total else {}
