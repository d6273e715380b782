"""Painter of through roads; they keep the class of the land that they cross."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.scene.made.canvas import colour
from napari_uhrnet.scene.made.courses import course

if TYPE_CHECKING:
    from napari_uhrnet.scene.made.canvas import Canvas, Season
    from napari_uhrnet.scene.made.ground import Ground, Plane
    from napari_uhrnet.scene.made.terrain import Land


def paint_roads(canvas: Canvas, ground: Ground, land: Land, season: Season, trees: Plane) -> None:
    """Paint dirt and asphalt roads; clears ``trees`` (H, W) on them, plants some beside them."""
    rng = ground.rng("roads")
    for k in range(int(rng.integers(0, 4))):
        half = rng.uniform(1.3, 4.2)
        swing, warp = rng.choice([0.0, 8.0, 40.0]), rng.choice([0.5, 6.0, 25.0])
        inside = course(ground, f"road {k}", half, swing, warp)
        verge = rng.uniform(1, 7)
        beside = np.flatnonzero((inside > -verge) & (land.water_depth_m < 0))
        reach = inside.ravel()[beside]
        canvas.blend(beside, season.soil * 1.05, 0.35 * np.clip(1 + reach / verge, 0, 1))
        surface = season.soil * rng.uniform(1.05, 1.25)
        if half > 2.4:
            surface = colour(118, 114, 106) * np.float32(rng.uniform(0.75, 1.2))
        canvas.blend(beside, surface, 0.9 * np.clip(reach / ground.pixel_size_m + 0.5, 0, 1))
        avenue = np.float32(rng.choice([0.0, 0.0, 0.35]))
        planted = np.where(reach > -1.5, 0, np.maximum(trees.ravel()[beside], avenue))
        trees.ravel()[beside] = planted
