"""Painter of agriculture: parcels of differing crops, crop rows, bunds and hedges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.scene.made.canvas import colour
from napari_uhrnet.scene.made.terrain import AGRICULTURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.scene.made.canvas import Canvas, Season
    from napari_uhrnet.scene.made.ground import Ground, Plane
    from napari_uhrnet.scene.made.terrain import Land


def paint_fields(canvas: Canvas, ground: Ground, land: Land, season: Season) -> Plane:
    """Paint all agriculture; returns (H, W) density 0..1 of trees that stand in hedges."""
    rng = ground.rng("fields")
    at = np.flatnonzero(land.labels == AGRICULTURE)
    parcels = len(land.farm.size_uv_m)
    crops = _crops(rng, season)
    shares = rng.dirichlet(np.full(len(crops), 0.8))
    kind = rng.choice(len(crops), parcels, p=shares)
    tint = crops[kind] * rng.normal(1, 0.09, (parcels, 1)) + rng.normal(0, 2, (parcels, 3))
    index = land.farm.index.ravel()[at]
    tone = 1 + _rows(ground, land, index, at, rng) + _patches(ground, index, at, rng, parcels)
    canvas.paint(at, tint.astype(np.float32)[index], tone)
    _orchards(canvas, land, season, index, at, rng)
    return _edges(canvas, ground, land, season, index, at)


def _crops(rng: np.random.Generator, season: Season) -> Plane:
    """(K, 3) colours of the crops of a scene."""
    soil, dry, green = season.soil, season.dry, season.green
    choices = [
        green + colour(8, 2, 2),
        green * 1.2 + colour(10, 4, 2),
        green * 0.85 + colour(2, 0, 4),
        dry,
        dry * 1.15 + colour(8, 2, 0),
        soil * 0.95,
        soil * 0.78,
        soil * 1.15 + colour(0, 6, 4),
        0.5 * (soil + green),
    ]
    chosen = rng.choice(len(choices), int(rng.integers(4, 9)), replace=False)
    return np.stack([choices[k] for k in chosen])


def _rows(
    ground: Ground,
    land: Land,
    index: NDArray[np.int32],
    at: NDArray[np.intp],
    rng: np.random.Generator,
) -> Plane:
    """(n,) brightness of crop rows, each parcel with its own direction and spacing."""
    parcels = len(land.farm.size_uv_m)
    period = np.maximum(rng.uniform(1.6, 8, parcels), 2.3 * ground.pixel_size_m)
    strength = np.abs(rng.normal(0, 0.05, parcels)) * (rng.random(parcels) < 0.75)
    across_v = rng.random(parcels) < 0.35
    u, v = land.farm.u_m.ravel()[at], land.farm.v_m.ravel()[at]
    across = np.where(across_v[index], v, u)
    wave = np.sin(across * (2 * np.pi / period).astype(np.float32)[index])
    return wave * strength.astype(np.float32)[index]


def _orchards(
    canvas: Canvas,
    land: Land,
    season: Season,
    index: NDArray[np.int32],
    at: NDArray[np.intp],
    rng: np.random.Generator,
) -> None:
    """Trees and bushes planted on a lattice, in some parcels of some scenes."""
    parcels = len(land.farm.size_uv_m)
    planted = rng.random(parcels) < rng.choice([0, 0.03, 0.15], p=[0.4, 0.4, 0.2])
    pick = planted[index]
    at, index = at[pick], index[pick]
    wave = (2 * np.pi / rng.uniform(4.5, 9, parcels)).astype(np.float32)[index]
    dots = np.sin(land.farm.u_m.ravel()[at] * wave) * np.sin(land.farm.v_m.ravel()[at] * wave)
    crown = np.clip(3 * np.abs(dots) - np.float32(0.9), 0, 1)
    canvas.blend(at, season.green * 0.72, crown * np.float32(0.85))


def _patches(
    ground: Ground,
    index: NDArray[np.int32],
    at: NDArray[np.intp],
    rng: np.random.Generator,
    parcels: int,
) -> Plane:
    """(n,) brightness of uneven growth and moisture."""
    uneven = rng.gamma(2, 0.025, parcels).astype(np.float32)[index]
    coarse = ground.noise("growth", 45, 2).ravel()[at] * uneven
    rough = (0.025 + 0.05 * rng.random(parcels)).astype(np.float32)[index]
    return coarse + ground.noise("crop texture", 3.2, 2).ravel()[at] * rough


def _edges(
    canvas: Canvas,
    ground: Ground,
    land: Land,
    season: Season,
    index: NDArray[np.int32],
    at: NDArray[np.intp],
) -> Plane:
    rng = ground.rng("field edges")
    parcels = len(land.farm.size_uv_m)
    edge = land.farm.edge_m(at)
    bund = rng.uniform(0.4, 1.1)
    track = rng.random(parcels) < 0.06
    width = np.where(track, rng.uniform(1.6, 2.6), bund).astype(np.float32)[index]
    line = np.clip((width - edge) / ground.pixel_size_m + 0.5, 0, 1)
    pale = season.soil * rng.uniform(0.75, 1.2) + colour(4, 6, 4)
    canvas.blend(at, pale, line * (0.75 * track[index] + 0.4 * ~track[index]).astype(np.float32))
    hedged = (rng.random(parcels) < rng.uniform(0, 0.35)).astype(np.float32)[index]
    trees = np.full(land.labels.size, 0, np.float32)
    sparse = np.float32(rng.choice([0.0, 0.006, 0.03]))
    trees[at] = np.where(edge < 3.0, hedged * np.float32(0.55) + 4 * sparse, sparse)
    return trees.reshape(land.labels.shape)
