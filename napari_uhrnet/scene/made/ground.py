"""The piece of ground a scene shows: coordinates in metres, random streams, smooth noise."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Plane: TypeAlias = NDArray[np.float32]
"""(H, W) or flat float32, one value per pixel."""

Mask: TypeAlias = NDArray[np.bool_]

_BLOCK = 256
_UNIT_STD = 2.08  # cubic B-spline interpolation of white noise has a standard deviation of 0.48


@dataclass(frozen=True)
class Ground:
    """A square of ``size_px`` pixels of ``pixel_size_m`` metres; ``seed`` decides what is on it.

    Everything is placed in metres, each thing from its own random stream, so that another pixel
    size shows the same land.
    """

    seed: int
    size_px: int
    pixel_size_m: float
    attempt: int = 0

    @property
    def extent_m(self) -> float:
        """Length of a side in metres."""
        return self.size_px * self.pixel_size_m

    @property
    def axis_m(self) -> Plane:
        """(size_px,) distance of pixel centres from the upper (left) edge, metres."""
        axis = (np.arange(self.size_px) + 0.5) * self.pixel_size_m
        return axis.astype(np.float32)

    def rng(self, name: str) -> np.random.Generator:
        """The random stream of one thing, independent of the order of drawing."""
        return np.random.default_rng([self.seed, self.attempt, zlib.crc32(name.encode())])

    def rotated(self, angle: float, warp_m: float = 0.0, name: str = "") -> tuple[Plane, Plane]:
        """(H, W) coordinates u, v in metres from the centre, turned by ``angle`` radians.

        ``warp_m`` bends them by noise of that standard deviation.
        """
        axis = self.axis_m - np.float32(self.extent_m / 2)
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        u = (sin * axis)[:, None] + (cos * axis)[None, :]
        v = (cos * axis)[:, None] - (sin * axis)[None, :]
        if warp_m:
            u += np.float32(warp_m) * self.noise(f"{name} u", 320)
            v += np.float32(warp_m) * self.noise(f"{name} v", 320)
        return u, v

    def noise(self, name: str, wavelength_m: float, octaves: int = 1) -> Plane:
        """(H, W) smooth noise of mean 0 and standard deviation 1; octaves halve the wavelength."""
        total = np.zeros((self.size_px, self.size_px), np.float32)
        power = 0.0
        for octave in range(octaves):
            weights = self._weights(wavelength_m / 2**octave)
            knots = weights.shape[1]
            lattice = self.rng(f"{name} {octave}").standard_normal((knots, knots), np.float32)
            gain = np.float32(0.55**octave)
            lattice *= gain * np.float32(_UNIT_STD)
            total += _times(weights, _times(weights, lattice.T).T)
            power += float(gain) ** 2
        total /= np.float32(np.sqrt(power))
        return total

    def _weights(self, wavelength_m: float) -> Plane:
        """(size_px, knots) cubic B-spline weights of a lattice spaced by the wavelength."""
        at = self.axis_m.astype(np.float64) / wavelength_m
        first = np.floor(at).astype(int)
        t = at - first
        # In steps of 32 knots: the draw must not depend on a rounding of the extent.
        knots = 32 * int(np.ceil((first[-1] + 4) / 32))
        weights = np.zeros((self.size_px, knots), np.float32)
        rows = np.arange(self.size_px)
        weights[rows, first] = (1 - t) ** 3 / 6
        weights[rows, first + 1] = (3 * t**3 - 6 * t**2 + 4) / 6
        weights[rows, first + 2] = (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6
        weights[rows, first + 3] = t**3 / 6
        return weights


def _times(weights: Plane, lattice: Plane) -> Plane:
    """Multiply weights by a lattice in blocks of rows, each of which needs only a few knots."""
    out = np.empty((len(weights), lattice.shape[1]), np.float32)
    for start in range(0, len(weights), _BLOCK):
        rows = weights[start : start + _BLOCK]
        used = np.flatnonzero(rows.any(axis=0))
        knots = slice(used[0], used[-1] + 1)
        np.matmul(rows[:, knots], lattice[knots], out=out[start : start + _BLOCK])
    return out


def shifted(mask: Mask, dy_px: int, dx_px: int) -> Mask:
    """(H, W) bool mask moved by whole pixels; what comes in from outside is False."""
    out = np.zeros_like(mask)
    height, width = mask.shape
    target = np.s_[max(dy_px, 0) : height + min(dy_px, 0), max(dx_px, 0) : width + min(dx_px, 0)]
    source = np.s_[max(-dy_px, 0) : height - max(dy_px, 0), max(-dx_px, 0) : width - max(dx_px, 0)]
    out[target] = mask[source]
    return out


def cast_shadow(mask: Mask, sun_angle: float, length_m: float, pixel_size_m: float) -> Mask:
    """(H, W) bool: ground in the shadow of what stands on the mask, outside of the mask."""
    steps = max(1, round(length_m / pixel_size_m))
    shadow = np.zeros_like(mask)
    for step in range(1, steps + 1):
        shadow |= shifted(
            mask, round(step * float(np.sin(sun_angle))), round(step * float(np.cos(sun_angle)))
        )
    return shadow & ~mask
