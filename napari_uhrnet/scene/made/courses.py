"""Bands that wind across a scene: rivers, canals and roads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_uhrnet.scene.made.ground import Ground, Plane


def course(ground: Ground, name: str, half_width_m: float, swing_m: float, warp_m: float) -> Plane:
    """(H, W) metres inside of a band that winds across the scene, positive in it.

    ``swing_m`` is how far it swings to its sides, ``warp_m`` how irregularly it is bent.
    """
    rng = ground.rng(name)
    u, v = ground.rotated(rng.uniform(0, np.pi), warp_m, name)
    v -= np.float32(rng.uniform(-0.25, 0.25) * ground.extent_m)
    reach = 0.8 * ground.extent_m + 4 * warp_m
    along = np.arange(-reach, reach)
    middle, slope = np.zeros_like(along), np.zeros_like(along)
    for wavelength, gain in ((900, 1.0), (430, 0.4), (190, 0.07)):
        k, phase = 2 * np.pi / (wavelength * rng.uniform(0.75, 1.3)), rng.uniform(0, 2 * np.pi)
        middle += gain * swing_m * np.sin(k * along + phase)
        slope += gain * swing_m * k * np.cos(k * along + phase)
    width = half_width_m * (1 + 0.15 * np.sin(along / rng.uniform(60, 160)))
    at = np.clip((u - np.float32(along[0])).astype(np.int32), 0, len(along) - 2)
    part = u - np.float32(along[0]) - at

    def curve(values: Plane) -> Plane:
        value: Plane = values[at] + np.diff(values)[at] * part
        return value

    offset = np.abs(v - curve(middle.astype(np.float32)))
    steepness = np.sqrt(1 + slope**2).astype(np.float32)
    inside: Plane = curve(width.astype(np.float32)) - offset / curve(steepness)
    return inside
