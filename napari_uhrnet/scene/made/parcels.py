"""Land cut into strips and the strips into lots: fields, and the blocks of a town."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.scene.made.ground import Ground, Plane

_STEP_M = 0.25


@dataclass(frozen=True)
class Parcels:
    """Per pixel: which parcel, and where in it; per parcel: where its centre is.

    ``index`` (H, W) int32; ``u_m``, ``v_m`` (H, W) metres from the parcel's lower corner along its
    own axes; ``size_uv_m`` (N, 2); ``centre_yx_m`` (N, 2) in scene metres.
    """

    index: NDArray[np.int32]
    u_m: Plane
    v_m: Plane
    size_uv_m: Plane
    centre_yx_m: Plane

    def edge_m(self, at: NDArray[np.intp]) -> Plane:
        """(n,) distance of flat pixel positions to the nearest edge of their parcel, metres."""
        index, u, v = (plane.ravel()[at] for plane in (self.index, self.u_m, self.v_m))
        u_edge = np.minimum(u, self.size_uv_m[:, 0][index] - u)
        edge: Plane = np.minimum(u_edge, np.minimum(v, self.size_uv_m[:, 1][index] - v))
        return edge

    def at_centres(self, plane: Plane, pixel_size_m: float) -> Plane:
        """(N,) values of an (H, W) plane at the parcels' centres, those outside at the border."""
        px = (self.centre_yx_m / pixel_size_m).astype(np.int64)
        y, x = np.clip(px, 0, np.array(plane.shape) - 1).T
        values: Plane = plane[y, x]
        return values


@dataclass(frozen=True)
class CutRule:
    """How one district is cut: its direction (radians) and ranges of widths in metres."""

    angle: float
    strip_m: tuple[float, float]
    lot_m: tuple[float, float]
    warp_m: float


def cut(ground: Ground, name: str, rule: CutRule) -> Parcels:
    """Cut the whole ground by one rule."""
    rng = ground.rng(f"{name} cut")
    reach = 50.0 * np.ceil((0.75 * ground.extent_m + 4 * rule.warp_m + rule.strip_m[1]) / 50)
    strip_edges = _edges(rng, rule.strip_m, reach, 1)[0]
    lot_edges = _edges(rng, rule.lot_m, reach, len(strip_edges))
    u, v = ground.rotated(rule.angle, rule.warp_m, name)
    strip = _lookup(strip_edges[None], reach)[0][_step(u, reach)]
    table = _lookup(lot_edges, reach)
    lot = table.ravel()[strip * np.int32(table.shape[1]) + _step(v, reach)]
    index = strip * np.int32(lot_edges.shape[1]) + lot
    corner_u = np.repeat(strip_edges, lot_edges.shape[1])
    corner_v = lot_edges.ravel()
    size_u = np.repeat(np.diff(strip_edges, append=reach + 500), lot_edges.shape[1])
    size_v = np.diff(lot_edges, axis=1, append=reach + 500).ravel()
    return Parcels(
        index,
        u - corner_u.astype(np.float32)[index],
        v - corner_v.astype(np.float32)[index],
        np.stack([size_u, size_v], 1).astype(np.float32),
        _to_scene(corner_u + size_u / 2, corner_v + size_v / 2, rule.angle, ground.extent_m),
    )


def merge(choice: NDArray[np.integer], parts: list[Parcels]) -> Parcels:
    """One map of parcels out of several; ``choice`` (H, W) is the index of the part at a pixel."""
    index, u, v = parts[0].index.copy(), parts[0].u_m.copy(), parts[0].v_m.copy()
    first = len(parts[0].size_uv_m)
    for k, part in enumerate(parts[1:], 1):
        here = choice == k
        np.copyto(index, part.index + np.int32(first), where=here)
        np.copyto(u, part.u_m, where=here)
        np.copyto(v, part.v_m, where=here)
        first += len(part.size_uv_m)
    sizes = np.concatenate([p.size_uv_m for p in parts])
    return Parcels(index, u, v, sizes, np.concatenate([p.centre_yx_m for p in parts]))


def _edges(
    rng: np.random.Generator, width_m: tuple[float, float], reach: float, rows: int
) -> NDArray[np.float64]:
    count = int(np.ceil(2 * reach / (0.5 * (width_m[0] + width_m[1])) * 1.25)) + 2
    widths = rng.uniform(*width_m, (rows, count))
    return np.cumsum(widths, axis=1) - widths[:, :1] * rng.uniform(1, 2, (rows, 1)) - reach


def _lookup(edges: NDArray[np.float64], reach: float) -> NDArray[np.int32]:
    at = np.arange(0, 2 * reach, _STEP_M) + _STEP_M / 2 - reach
    rows = [np.searchsorted(row, at, side="right") - 1 for row in edges]
    return np.clip(np.array(rows), 0, None).astype(np.int32)


def _step(coordinate_m: Plane, reach: float) -> NDArray[np.int32]:
    steps = ((coordinate_m + np.float32(reach)) * np.float32(1 / _STEP_M)).astype(np.int32)
    return np.clip(steps, 0, int(2 * reach / _STEP_M) - 1, out=steps)


def _to_scene(
    u: NDArray[np.float64], v: NDArray[np.float64], angle: float, extent_m: float
) -> Plane:
    y = np.sin(angle) * u + np.cos(angle) * v + extent_m / 2
    x = np.cos(angle) * u - np.sin(angle) * v + extent_m / 2
    return np.stack([y, x], 1).astype(np.float32)
