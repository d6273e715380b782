"""Where water is: rivers, canals, ponds and wide water."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.scene.made.courses import course

if TYPE_CHECKING:
    from napari_uhrnet.scene.made.ground import Ground, Mask, Plane


def water_depth(ground: Ground) -> Plane:
    """(H, W) metres from the shore, positive in the water; far from it only the sign is exact."""
    rng = ground.rng("waters")
    depth = np.full((ground.size_px,) * 2, -1000, np.float32)
    kind = rng.choice(["river", "canal", "wide", "none"], p=[0.45, 0.12, 0.13, 0.3])
    if kind == "river":
        depth = course(ground, "river", half := rng.uniform(7, 55), rng.uniform(10, 90), 32)
        depth += np.float32(0.07 * half) * ground.noise("bank", 45, 2)
    elif kind == "canal":
        depth = course(ground, "canal", rng.uniform(4, 10), rng.uniform(0, 12), 3)
    elif kind == "wide":
        _, v = ground.rotated(rng.uniform(0, 2 * np.pi), 30, "shore")
        depth = v - np.float32(ground.extent_m * rng.uniform(-0.1, 0.4))
        depth += 12 * ground.noise("shore", 180, 3)
    fray = ground.noise("ponds", 40, 2)
    for _ in range(int(rng.integers(0, 6))):
        np.maximum(depth, _pond(ground, fray, rng), out=depth)
    return depth


def barren_shore(ground: Ground, depth_m: Plane) -> Mask:
    """(H, W) bool: sand and mud banks beside the water, in some scenes."""
    rng = ground.rng("banks")
    if rng.random() < 0.5:
        return np.zeros(depth_m.shape, bool)
    reach = rng.uniform(8, 45) * ground.noise("banks", rng.uniform(150, 350), 2)
    return depth_m > -reach


def _pond(ground: Ground, fray: Plane, rng: np.random.Generator) -> Plane:
    y, x = rng.uniform(0, 1, 2) * ground.extent_m
    radius, squeeze, angle = rng.uniform(8, 75), rng.uniform(0.5, 1), rng.uniform(0, np.pi)
    axis = ground.axis_m
    dy, dx = (axis - np.float32(y))[:, None], (axis - np.float32(x))[None, :]
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    along, across = cos * dx + sin * dy, (cos * dy - sin * dx) / np.float32(squeeze)
    return np.float32(radius) - np.sqrt(along**2 + across**2) + np.float32(0.2 * radius) * fray
