"""One made scene: lay out the land, paint it, look at it through air and a sensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_uhrnet.scene.made.canvas import Canvas, Season, colour
from napari_uhrnet.scene.made.fields import paint_fields
from napari_uhrnet.scene.made.ground import Ground
from napari_uhrnet.scene.made.open_ground import paint_barren, paint_rangeland
from napari_uhrnet.scene.made.roads import paint_roads
from napari_uhrnet.scene.made.terrain import WATER, lay_out, settle
from napari_uhrnet.scene.made.town import paint_town
from napari_uhrnet.scene.made.water import paint_water
from napari_uhrnet.scene.made.woods import paint_crowns, paint_floor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.scene.made.ground import Plane


@dataclass(frozen=True)
class MadeScene:
    """``image`` (H, W, 3) uint8 RGB and its exact ``labels`` (H, W) uint8 DeepGlobe ids 1 to 6."""

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    pixel_size_m: float


def make_scene(seed: int, size_px: int = 2448, pixel_size_m: float = 0.5) -> MadeScene:
    """Draw the land cover of a seed; the same seed gives the same bytes.

    Sizes are in metres: another ``pixel_size_m`` over the same extent shows the same land.
    A scene about a kilometre wide or wider has at least four classes.
    """
    ground = settle(Ground(seed, size_px, pixel_size_m))
    land = lay_out(ground)
    season = Season.draw(ground)
    canvas = Canvas(size_px)
    trees = paint_fields(canvas, ground, land, season)
    trees += paint_rangeland(canvas, ground, land, season)
    paint_barren(canvas, ground, land, season)
    trees += paint_floor(canvas, ground, land, season)
    trees += paint_town(canvas, ground, land, season)
    np.maximum(trees, paint_water(canvas, ground, land, season), out=trees)
    trees[land.labels == WATER] = 0
    paint_roads(canvas, ground, land, season, trees)
    paint_crowns(canvas, ground, trees, season)
    return MadeScene(_exposed(canvas.rgb, ground), land.labels, pixel_size_m)


def _exposed(rgb: Plane, ground: Ground) -> NDArray[np.uint8]:
    """(H, W, 3) uint8: uneven light, haze, the blur and the noise of a sensor."""
    rng = ground.rng("sensor")
    light = 1 + np.float32(0.03) * ground.noise("light", 900)
    light *= np.float32(rng.uniform(0.86, 1.16))
    clear, veil = rng.uniform(0.8, 1.0), colour(112, 112, 102)
    blur, grain = rng.uniform(0.45, 0.75), np.float32(rng.uniform(1.0, 2.6))
    tint = rng.normal(1, 0.02, 3)
    speckle = rng.standard_normal(light.shape, np.float32) * grain
    image = np.empty((*light.shape, 3), np.uint8)
    for band in range(3):
        plane = rgb[band] * light
        plane *= np.float32(clear * tint[band])
        plane += np.float32(1 - clear) * veil[band]
        plane = ndimage.gaussian_filter(plane, blur, truncate=2.5)
        plane += speckle
        plane += rng.standard_normal(light.shape, np.float32) * np.float32(0.6)
        np.clip(plane, 0, 255, out=plane)
        image[..., band] = plane + np.float32(0.5)
    return image
