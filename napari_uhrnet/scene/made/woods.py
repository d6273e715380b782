"""Painter of trees: crowns in closed woods and single ones, with their shadows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.scene.made.canvas import colour
from napari_uhrnet.scene.made.ground import cast_shadow
from napari_uhrnet.scene.made.terrain import FOREST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.scene.made.canvas import Canvas, Season
    from napari_uhrnet.scene.made.ground import Ground, Mask, Plane
    from napari_uhrnet.scene.made.terrain import Land

_TILE_M = 256.0


def paint_floor(canvas: Canvas, ground: Ground, land: Land, season: Season) -> Plane:
    """Paint what shows between the trees of woods; returns (H, W) density 0..1 of their crowns."""
    rng = ground.rng("woods floor")
    forest = land.labels == FOREST
    at = np.flatnonzero(forest)
    gaps = ground.noise("gaps", rng.uniform(25, 60), 3)
    open_floor = np.clip(gaps.ravel()[at] - np.float32(0.6), 0, 1)
    canvas.paint(at, season.green * 0.7, 1 + 0.08 * gaps.ravel()[at])
    canvas.blend(at, 0.5 * (season.soil + season.dry), open_floor)
    closed = np.float32(rng.uniform(0.8, 1.1)) - np.float32(rng.uniform(0.1, 0.45)) * gaps
    return np.where(forest, np.clip(closed, 0.1, 1), np.float32(0))


def paint_crowns(canvas: Canvas, ground: Ground, density: Plane, season: Season) -> None:
    """Stand trees where the density (H, W) in 0..1 asks for them, shadows first."""
    rng = ground.rng("crowns")
    tile = CrownTile.draw(ground, rng.uniform(4.2, 8.5))
    row, column = _tile_position(ground, len(tile.height))
    cover = tile.ticket[row, column] < density
    cover &= tile.height[row, column] > 0
    shadow = cast_shadow(cover, season.sun_angle + np.pi, rng.uniform(2, 5), ground.pixel_size_m)
    canvas.shade(np.flatnonzero(shadow), 0.62)
    at = np.flatnonzero(cover)
    row, column = row.ravel()[at], column.ravel()[at]
    stand = 0.10 * ground.noise("stands", 120, 3).ravel()[at]
    leaf = 0.05 * ground.noise("leaves", 3, 1).ravel()[at]
    tone = tile.tone(season.sun_angle)[row, column] + stand + leaf
    kind = tile.kind[row, column]
    leaves = season.green * rng.uniform(0.82, 1.06) * np.array([1.0, 1.0, 0.95], np.float32)
    other = 0.75 * leaves + 0.25 * season.dry + colour(4, 2, -2)
    canvas.paint(at, np.where(kind[:, None], leaves, other).astype(np.float32), tone)


@dataclass(frozen=True)
class CrownTile:
    """A repeating square of tree crowns: planes (T, T), T a power of two.

    ``height`` is 1 at a crown's middle and 0 at its rim; a crown stands where its ``ticket`` is
    below the wanted density; ``offset_yx`` (2, T, T) points from the middle, in crown radii.
    """

    height: Plane
    ticket: Plane
    offset_yx: Plane
    kind: Mask
    lift: Plane

    @classmethod
    def draw(cls, ground: Ground, spacing_m: float) -> CrownTile:
        """Crowns on a jittered lattice, some large, some small."""
        rng = ground.rng("crown tile")
        side = 1 << round(np.log2(_TILE_M / ground.pixel_size_m))
        cells = max(4, round(side * ground.pixel_size_m / spacing_m))
        step = side / cells
        middle = (np.indices((cells, cells)) + rng.uniform(0.1, 0.9, (2, cells, cells))) * step
        radius = step * rng.uniform(0.42, 0.85, (cells, cells))
        at = np.arange(side)
        cell = (at / step).astype(int)
        best, owner = np.full((side, side), 9.0, np.float32), np.zeros((side, side), np.int32)
        offset = np.zeros((2, side, side), np.float32)
        for dy, dx in np.ndindex(3, 3):
            key = ((cell + dy - 1) % cells)[:, None] * cells + ((cell + dx - 1) % cells)[None, :]
            y = _around(at[:, None] - middle[0].ravel()[key], side) / radius.ravel()[key]
            x = _around(at[None, :] - middle[1].ravel()[key], side) / radius.ravel()[key]
            closer = (distance := y * y + x * x) < best
            best[closer], owner[closer] = distance[closer], key[closer]
            offset[0][closer], offset[1][closer] = y[closer], x[closer]
        fray = 0.75 + 0.5 * rng.random((side, side), np.float32)
        values = rng.random((3, cells * cells))
        return cls(
            np.clip(1 - best * fray, 0, 1).astype(np.float32),
            values[0].astype(np.float32)[owner],
            offset,
            values[1][owner] < 0.6,
            (0.86 + 0.28 * values[2]).astype(np.float32)[owner],
        )

    def tone(self, sun_angle: float) -> Plane:
        """(T, T) brightness: rounded, brighter towards the sun."""
        sun = np.sin(sun_angle) * self.offset_yx[0] + np.cos(sun_angle) * self.offset_yx[1]
        lit: Plane = self.lift * (0.72 + 0.42 * np.sqrt(self.height) + 0.26 * sun)
        return lit.astype(np.float32)


def _around(distance: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Distances on a ring of length ``side``, in -side/2 .. side/2."""
    return (distance + side / 2) % side - side / 2


def _tile_position(ground: Ground, side: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(H, W) row and column in the tile, bent so that the repetition does not show."""
    pixel = np.arange(ground.size_px, dtype=np.float32)
    bend = np.float32(14 / ground.pixel_size_m)
    row = pixel[:, None] + bend * ground.noise("bend y", 210)
    column = pixel[None, :] + bend * ground.noise("bend x", 210)
    last = np.int32(side - 1)
    return row.astype(np.int32) & last, column.astype(np.int32) & last
