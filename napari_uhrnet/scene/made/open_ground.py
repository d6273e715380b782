"""Painter of rangeland and of barren land."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.scene.made.canvas import colour
from napari_uhrnet.scene.made.terrain import BARREN, RANGELAND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.scene.made.canvas import Canvas, Season
    from napari_uhrnet.scene.made.ground import Ground, Plane
    from napari_uhrnet.scene.made.terrain import Land


def paint_rangeland(canvas: Canvas, ground: Ground, land: Land, season: Season) -> Plane:
    """Mottled dry grass with worn paths; returns (H, W) density 0..1 of its shrubs and trees."""
    rng = ground.rng("rangeland")
    at = np.flatnonzero(land.labels == RANGELAND)
    mottle = ground.noise("mottle", 90, 4).ravel()[at]
    flush = ground.noise("flush", 160, 3).ravel()[at]
    grain = ground.noise("grass", 8, 3).ravel()[at]
    tone = 0.98 + rng.uniform(0.1, 0.19) * mottle + rng.uniform(0.07, 0.16) * grain
    canvas.paint(at, season.dry * rng.uniform(0.9, 1.05), tone)
    canvas.blend(at, season.green * 1.05, np.clip(rng.uniform(-0.1, 0.35) + 0.4 * flush, 0, 0.85))
    bare = np.clip(0.6 * (mottle - np.float32(rng.uniform(0.2, 1.6))), 0, 0.8)
    canvas.blend(at, season.soil, bare)
    if rng.random() < 0.7:
        for name in ("path", "trail"):
            path = np.abs(ground.noise(name, 260, 2).ravel()[at]) * 130
            canvas.blend(at, season.soil * 1.12, 0.6 * np.clip(1.6 - path, 0, 1))
    tussocks = np.clip(ground.noise("tussocks", 2.8, 1).ravel()[at] + 0.3 * mottle - 0.8, 0, 1)
    canvas.blend(at, season.green * 0.75, rng.uniform(0.3, 0.95) * tussocks)
    shrubs = np.zeros(land.labels.size, np.float32)
    clumps = np.clip(ground.noise("clumps", 60, 3).ravel()[at] - np.float32(0.4), 0, 1)
    shrubs[at] = rng.uniform(0.005, 0.09) + rng.uniform(0.2, 0.9) * clumps
    return shrubs.reshape(land.labels.shape)


def paint_barren(canvas: Canvas, ground: Ground, land: Land, season: Season) -> None:
    """Pale stripped soil, sand and rock: stains, gullies, benches and vehicle tracks."""
    rng = ground.rng("barren")
    at = np.flatnonzero(land.labels == BARREN)
    if not len(at):
        return
    sand = 0.5 * season.soil + 0.5 * colour(160, 142, 112) * np.float32(rng.uniform(0.8, 1.2))
    height = ground.noise("relief", rng.uniform(50, 140), 5)
    slope = _lit(height, season.sun_angle, ground.pixel_size_m).ravel()[at]
    patch = ground.noise("stain", 60, 5).ravel()[at]
    grain = ground.noise("gravel", 2.6, 1).ravel()[at]
    relief = np.clip(np.float32(rng.uniform(0.1, 0.6)) * slope, -0.25, 0.25)
    canvas.paint(at, sand, 0.97 + rng.uniform(0.08, 0.17) * patch + 0.07 * grain + relief)
    chalk = ground.noise("chalk", 110, 5).ravel()[at] - np.float32(rng.uniform(0, 1.2))
    canvas.blend(at, sand * 0.5 + colour(100, 92, 80), np.clip(0.7 * chalk, 0, 0.6))
    canvas.blend(at, season.soil * 0.78, np.clip(0.6 * (patch - 0.2), 0, 0.6))
    scrub = ground.noise("scrub", 26, 4).ravel()[at] - np.float32(rng.uniform(0.8, 2.2))
    canvas.blend(at, 0.5 * (season.dry + season.green), np.clip(1.5 * scrub, 0, 0.7))
    _dig(canvas, ground.noise("pit", 110, 2).ravel()[at], at, rng)
    for name in ("lorries", "tracks"):
        track = np.abs(ground.noise(name, 150, 2).ravel()[at]) * 70
        canvas.blend(at, sand * 1.18, 0.5 * np.clip(2 - track, 0, 1))


def _dig(canvas: Canvas, height: Plane, at: NDArray[np.intp], rng: np.random.Generator) -> None:
    """Quarry benches around the highest parts, in some scenes."""
    if rng.random() < 0.6:
        return
    pit = np.clip(height - np.float32(0.5), 0, 1.5)
    from_step = np.abs(np.mod(3.2 * pit, 1) - 0.5)
    scarp = np.clip(1 - 7 * from_step, 0, 1) * (pit > 0)
    canvas.shade(at, 1 - 0.08 * pit - 0.2 * scarp)


def _lit(height: Plane, sun_angle: float, pixel_size_m: float) -> Plane:
    """(H, W) slope towards the sun, per metre times 5 m."""
    dy = np.gradient(height, pixel_size_m, axis=0)
    dx = np.gradient(height, pixel_size_m, axis=1)
    lit: Plane = 5 * (np.float32(np.sin(sun_angle)) * dy + np.float32(np.cos(sun_angle)) * dx)
    return lit
