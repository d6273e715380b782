"""Painter of built-up land: streets, lots, roofs with shadows, and gardens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.scene.made.canvas import colour
from napari_uhrnet.scene.made.ground import cast_shadow
from napari_uhrnet.scene.made.terrain import URBAN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.scene.made.canvas import Canvas, Season
    from napari_uhrnet.scene.made.ground import Ground, Mask, Plane
    from napari_uhrnet.scene.made.terrain import Land

_TICKETS = 8192
_ROOFS = (
    (168, 160, 146), (146, 136, 120), (196, 192, 184), (140, 106, 86), (126, 92, 78),
    (112, 110, 106), (158, 140, 112), (104, 122, 138), (222, 220, 214),
)  # fmt: skip


def paint_town(canvas: Canvas, ground: Ground, land: Land, season: Season) -> Plane:
    """Paint all built-up land; returns (H, W) density 0..1 of garden and street trees."""
    rng = ground.rng("houses")
    at = np.flatnonzero(land.labels == URBAN)
    trees = np.zeros(land.labels.size, np.float32)
    if not len(at):
        return trees.reshape(land.labels.shape)
    edge = land.town.edge_m(at)
    street = np.float32(rng.uniform(2.2, 4.6))
    _paint_lots(canvas, ground, season, at, edge, street)
    house, lot, ridge = _houses(ground, land, at, edge, street, rng)
    standing = np.zeros(land.labels.size, bool)
    standing[at[house]] = True
    shadow = cast_shadow(
        standing.reshape(land.labels.shape),
        season.sun_angle + np.pi,
        rng.uniform(2.0, 6.0),
        ground.pixel_size_m,
    )
    canvas.shade(np.flatnonzero(shadow), 0.5)
    _paint_roofs(canvas, ground, at[house], lot[house], ridge[house])
    gardens = rng.uniform(0.03, 0.6) * rng.uniform(0, 1.6, len(land.town.size_uv_m))
    garden = gardens.astype(np.float32)[land.town.index.ravel()[at]]
    trees[at] = np.where(house, 0.02, np.where(edge < street, 0.05, garden))
    return trees.reshape(land.labels.shape)


def _paint_lots(
    canvas: Canvas,
    ground: Ground,
    season: Season,
    at: NDArray[np.intp],
    edge: Plane,
    street: np.float32,
) -> None:
    rng = ground.rng("lots")
    yard = 0.6 * season.soil + 0.4 * colour(124, 114, 96)
    mottle = ground.noise("yards", 14, 3).ravel()[at]
    canvas.paint(at, yard, 0.95 + 0.11 * mottle)
    lawn = np.clip(0.4 + 0.5 * ground.noise("lawns", 35, 2).ravel()[at], 0, 1)
    canvas.blend(at, season.green * 1.1, lawn * np.float32(rng.uniform(0.1, 0.6)))
    asphalt = colour(110, 106, 98) * np.float32(rng.uniform(0.8, 1.15))
    road = np.float32(0.65) * asphalt + np.float32(0.35) * season.soil
    paved = np.clip((street - edge) / np.float32(ground.pixel_size_m) + 0.5, 0, 1)
    canvas.blend(at, road, paved * 0.9)


def _houses(
    ground: Ground,
    land: Land,
    at: NDArray[np.intp],
    edge: Plane,
    street: np.float32,
    rng: np.random.Generator,
) -> tuple[Mask, NDArray[np.int64], Plane]:
    """(n,) bool on a roof, int ticket of its lot, float side of the ridge (-1..1)."""
    block = land.town.index.ravel()[at]
    size = land.town.size_uv_m[block]
    u, v = land.town.u_m.ravel()[at], land.town.v_m.ravel()[at]
    width = _lot_widths(rng, len(land.town.size_uv_m))[block]
    side = u > size[:, 0] / 2
    depth = size[:, 0] / 2 - street
    p = np.where(side, size[:, 0] - u, u) - street
    place = (v - street) / width
    number = place.astype(np.int32)
    q = (place - number - np.float32(0.5)) * width
    lot = (block * 61 + number * 2 + side).astype(np.int64) * 40503 % _TICKETS
    dice = rng.random((5, _TICKETS)).astype(np.float32)
    full = np.float32(rng.uniform(0.65, 1.0))
    half_p = depth * (0.22 + 0.27 * dice[0][lot]) * full
    half_q = width * (0.34 + 0.16 * dice[1][lot]) * full
    p -= half_p + (depth - 2 * half_p) * dice[2][lot] * np.float32(0.6)
    fits = (q + v < size[:, 1] - street + width / 2) & (edge > street + 0.5)
    inside = (np.abs(p) < half_p) & (np.abs(q) < half_q) & fits
    notch = (p > 0.2 * half_p) & (q * np.sign(dice[3][lot] - 0.5) > 0.1 * half_q)
    inside &= ~(notch & (dice[3][lot] < 0.7)) & (dice[4][lot] < rng.uniform(0.75, 1.0))
    return inside, lot, p / np.maximum(half_p, 1)


def _lot_widths(rng: np.random.Generator, blocks: int) -> Plane:
    """(blocks,) metres; a few blocks hold sheds instead of houses."""
    usual = rng.uniform(6, 14)
    widths = rng.uniform(0.8 * usual, 1.5 * usual, blocks) * rng.choice([1, 1, 1, 1, 3], blocks)
    lots: Plane = widths.astype(np.float32)
    return lots


def _paint_roofs(
    canvas: Canvas, ground: Ground, at: NDArray[np.intp], lot: NDArray[np.int64], ridge: Plane
) -> None:
    rng = ground.rng("roofs")
    common = rng.dirichlet(np.array([2, 2, 1.5, 0.7, 0.7, 0.8, 1, 0.25, 1]))
    kind = rng.choice(len(_ROOFS), _TICKETS, p=common)
    tint = np.array(_ROOFS)[kind] * rng.normal(1.02, 0.14, (_TICKETS, 1))
    slope = np.where(rng.random(_TICKETS) < 0.5, rng.normal(0, 0.12, _TICKETS), 0)
    tone = 1 + np.sign(ridge) * slope.astype(np.float32)[lot]
    tone += 0.09 * ground.noise("roof dirt", 3.5, 2).ravel()[at]
    canvas.paint(at, tint.astype(np.float32)[lot], tone)
