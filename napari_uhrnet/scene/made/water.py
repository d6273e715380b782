"""Painter of water: smooth, dark green to muddy, shallow and wet at the banks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.scene.made.canvas import colour
from napari_uhrnet.scene.made.terrain import WATER

if TYPE_CHECKING:
    from napari_uhrnet.scene.made.canvas import Canvas, Season
    from napari_uhrnet.scene.made.ground import Ground, Plane
    from napari_uhrnet.scene.made.terrain import Land

_DEEP = ((44, 56, 48), (50, 70, 58), (62, 74, 50), (92, 92, 68), (146, 128, 100), (36, 48, 54))


def paint_water(canvas: Canvas, ground: Ground, land: Land, season: Season) -> Plane:
    """Paint water and its banks; returns (H, W) density 0..1 of the trees along them."""
    rng = ground.rng("water colour")
    at = np.flatnonzero(land.labels == WATER)
    depth = land.water_depth_m.ravel()
    deep = colour(*_DEEP[int(rng.integers(len(_DEEP)))]) * np.float32(rng.uniform(0.92, 1.1))
    streaks = ground.noise("sediment", 190, 3).ravel()[at]
    canvas.paint(at, deep, 1 + np.float32(rng.uniform(0.02, 0.08)) * streaks)
    shallow = np.exp(-np.maximum(depth[at], 0) / np.float32(rng.uniform(2, 9)))
    canvas.blend(at, 0.55 * deep + 0.45 * season.soil, 0.6 * shallow)
    if rng.random() < 0.35:
        weed = np.clip(ground.noise("weed", 50, 5).ravel()[at] - np.float32(0.6), 0, 0.8)
        still = np.exp(-np.maximum(depth[at], 0) / np.float32(14))
        canvas.blend(at, season.green * 0.95, weed * still)
    return _bank(canvas, ground, land, season, depth, rng)


def _bank(
    canvas: Canvas,
    ground: Ground,
    land: Land,
    season: Season,
    depth: Plane,
    rng: np.random.Generator,
) -> Plane:
    reach = np.float32(rng.uniform(2, 6))
    near = np.flatnonzero((depth <= 0) & (depth > -4 * reach))
    away = -depth[near] / reach
    wet = season.soil * np.float32(rng.uniform(0.65, 1.1))
    canvas.blend(near, wet, 0.7 * np.clip(1.3 - away, 0, 1))
    trees = np.zeros(land.labels.size, np.float32)
    stand = 0.45 + 0.3 * ground.noise("bank trees", 70, 2).ravel()[near]
    trees[near] = np.clip(stand, 0, 0.9) * np.float32(rng.choice([0.15, 0.6, 1.0]))
    return trees.reshape(land.labels.shape)
