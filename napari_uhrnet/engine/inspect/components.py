"""Principal components of maps of vectors, in bounded memory, and their colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

COMPONENTS = 3
"""One for each of red, green and blue."""
STRETCH = (2.0, 98.0)
"""Percentiles of a component that are its darkest and its brightest shade."""
BLOCK_VECTORS = 1 << 15
"""About so many vectors are held in float64 at once."""


@dataclass(frozen=True)
class FeatureMap:
    """Features of a branch over a frame.

    ``values`` (C, h, w) float32 on cells of ``cell_yx_px`` inference pixels that start at the
    frame's corner; ``known`` (h, w) bool is True where there are any and the scene has data.
    """

    values: NDArray[np.float32]
    known: NDArray[np.bool_]
    cell_yx_px: tuple[float, float]

    @property
    def cell_area_px(self) -> float:
        """Inference pixels that a cell covers."""
        return self.cell_yx_px[0] * self.cell_yx_px[1]


@dataclass(frozen=True)
class Basis:
    """``mean`` (C,), ``axes`` (3, C) of length 1, ``explained`` (3,) their shares of variance."""

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    explained: NDArray[np.float64]


def principal_components(maps: Sequence[FeatureMap]) -> Basis:
    """The first three principal components of all known vectors of all maps.

    A vector counts for the ground that its cell covers: else the few large cells of the global
    branch would hardly count beside the many small ones of the local branch. Vectors are centred by
    their common mean and not standardised. An axis may point either way: its loading with the
    largest absolute value is made positive, so that colours are always the same.
    """
    mean = sum(weight * block.sum(axis=1) for weight, block in _blocks(maps))
    mean = mean / sum(weight * block.shape[1] for weight, block in _blocks(maps))
    centred = ((weight, block - mean[:, None]) for weight, block in _blocks(maps))
    scatter = sum(weight * (block @ block.T) for weight, block in centred)
    variances, vectors = np.linalg.eigh(scatter)
    axes = vectors.T[::-1][:COMPONENTS]
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(COMPONENTS), largest])[:, None]
    total = np.trace(scatter)
    explained = variances[::-1][:COMPONENTS].clip(0) / (total if total > 0 else 1)
    return Basis(mean, axes, explained)


def as_colours(maps: Sequence[FeatureMap], basis: Basis) -> list[NDArray[np.uint8]]:
    """(h, w, 4) RGBA of each map: the components are red, green and blue, all stretched alike.

    For the stretch too a vector counts for its cell's ground. What is not known is clear and black.
    """
    parts = [_projected(part, basis) for part in maps]
    weights = [np.full(p.shape[1], part.cell_area_px) for p, part in zip(parts, maps, strict=True)]
    joined, weight = np.concatenate(parts, axis=1), np.concatenate(weights)
    low, high = np.transpose([_weighted_percentiles(v, weight, STRETCH) for v in joined])
    span = np.where(high > low, high - low, 1)
    pictures = []
    for part, values in zip(maps, parts, strict=True):
        shades = ((values - low[:, None]) / span[:, None]).clip(0, 1)
        rgba = np.zeros((*part.known.shape, COMPONENTS + 1), np.uint8)
        rgba[part.known, :COMPONENTS] = np.round(255 * shades.T)
        rgba[part.known, COMPONENTS] = 255
        pictures.append(rgba)
    return pictures


def _weighted_percentiles(
    values: NDArray[np.float64], weights: NDArray[np.float64], percents: Sequence[float]
) -> NDArray[np.float64]:
    """The smallest values at or below which so much of all weight lies."""
    order = values.argsort(kind="stable")
    below = weights[order].cumsum()
    found: NDArray[np.int64] = below.searchsorted(np.asarray(percents) / 100 * below[-1])
    picked: NDArray[np.float64] = values[order[found]]
    return picked


def _projected(part: FeatureMap, basis: Basis) -> NDArray[np.float64]:
    """(3, N) components of the known vectors, row by row."""
    blocks = [basis.axes @ (block - basis.mean[:, None]) for _, block in _blocks([part])]
    return np.concatenate(blocks, axis=1)


def _blocks(maps: Sequence[FeatureMap]) -> Iterator[tuple[float, NDArray[np.float64]]]:
    """What a vector counts, and (C, n) known vectors, some rows of a map at a time."""
    for part in maps:
        height, width = part.known.shape
        rows = max(1, BLOCK_VECTORS // width)
        for top in range(0, height, rows):
            cut = slice(top, top + rows)
            known = part.values[:, cut][:, part.known[cut]]
            yield part.cell_area_px, known.astype(np.float64)
