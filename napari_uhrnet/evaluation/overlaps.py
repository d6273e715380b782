"""Pictures that show the same ground: if one was trained on, a score on the other is too high.

Pictures are laid over each other at every shift and compared where both have data: normalised
cross-correlation with masks (Padfield, "Masked Object Registration in the Fourier Domain", IEEE
Trans. Image Processing 2012). First at low resolution; where they may be alike, at a higher one.
Turned or mirrored copies are not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter

from napari_uhrnet.datasets.pairing import IMAGE_SUFFIXES, pictures, without_suffix
from napari_uhrnet.engine.passes.reading import read_inference
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import InferenceGrid
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.evaluation.scoring.truth_pairs import Source

COARSE_PX = 72
"""Coarse pixels along the shorter side of the smallest picture."""
FINER = 3
"""Fine pixels along a coarse one."""
DETAILS_PX = 1.0, 4.0
"""Deviations of two Gaussians whose difference is compared.

Pictures are hardly ever shifted by whole pixels, which spoils what is finer; what is coarser (a
dark and a bright half) is alike in pictures of different ground."""
LARGEST_PX = 1024
"""Coarse pixels along the longer side of the largest picture, at most."""
LEAST_SHARE = 0.1
"""Of the smaller picture's data, what two must have in common to be compared."""
MAYBE, ALIKE = 0.5, 0.6
"""Correlation at which two are looked at more closely, and from which they show the same.

DeepGlobe pictures of the same ground (compressed twice, scaled differently) had at least 0.55 at
first and 0.80 then, others (120 and 30 pairs at random) up to 0.63 and 0.28."""
DARKEST = 12
"""Pixels of which no channel is brighter count as no data, which JPEG cannot mark otherwise."""


@dataclass(frozen=True)
class Look:
    """A picture made small: ``values`` (h, w) float32 and ``valid`` (h, w) bool."""

    values: NDArray[np.float32]
    valid: NDArray[np.bool_]


@dataclass(frozen=True)
class Member:
    """A picture of a folder, and the part of the split that it belongs to, if any."""

    path: Path
    pixel_size_m: float
    shape_yx: tuple[int, int]
    part: str | None

    def __str__(self) -> str:
        """Its path, and its part if it has one."""
        return f"{self.path}" + (f" ({self.part})" if self.part else "")

    def look(self, ground_m: float) -> Look:
        """The details of the picture at ``ground_m`` metres per pixel."""
        with open_scene(self.path, self.pixel_size_m) as scene:
            grid = InferenceGrid(scene.shape_yx, self.pixel_size_m / ground_m)
            pixels, valid = read_inference(scene, grid, Window.of_shape(grid.shape_yx))
        valid = valid & (pixels.max(axis=2) > DARKEST)
        return details(pixels.mean(axis=2, dtype=np.float32), valid)


@dataclass(frozen=True)
class Overlap:
    """Two pictures of the same ground: ``share`` is that of the one with less data."""

    one: Member
    other: Member
    share: float

    def __str__(self) -> str:
        """A sentence."""
        both = f"{self.one} and {self.other} show the same ground"
        return f"{both}: {self.share:.0%} of the one with less data"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        both = [{"path": str(m.path), "part": m.part} for m in (self.one, self.other)]
        return {"images": both, "share": round(self.share, 3)}


def members(sources: Sequence[Source], parts: Mapping[str, str]) -> list[Member]:
    """The pictures directly in folders; ``parts`` says the part of an id.

    If names end as those of images do (``_sat``), the others are taken for masks and left out.
    Raises UserError for a folder without pictures, and for a picture whose pixel size is in
    neither the file nor ``sources`` while another's is known.
    """
    found = []
    for source in sources:
        files = pictures(source.folder)
        files = [p for p in files if _id(p) != p.stem] or files
        if not files:
            raise UserError(f"{source.folder}: holds no pictures; give a folder of images.")
        for path in files:
            with open_scene(path, source.pixel_size_m) as scene:
                size_m = scene.pixel_size_m or 0.0
                found.append(Member(path, size_m, scene.shape_yx, parts.get(_id(path))))
    known = [m for m in found if m.pixel_size_m]
    if known and len(known) < len(found):
        path = next(m.path for m in found if not m.pixel_size_m)
        raise UserError(f"{path}: has no pixel size, others do: write DIR@METRES")
    if not known:
        found = [Member(m.path, 1.0, m.shape_yx, m.part) for m in found]
    return found


def check_parts(found: Sequence[Member], split: str) -> None:
    """Raises UserError if pictures of two parts of a split are not there to be compared."""
    parts = sorted({member.part for member in found if member.part is not None})
    if len(parts) < 2:
        there = f"only images of {parts[0]} are" if parts else "none of the images is"
        raise UserError(f"{split}: {there} in the folders: give folders of two parts of it.")


def overlaps(
    found: Sequence[Member],
    across: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Iterator[Overlap]:
    """Pairs of pictures that show the same ground; with ``across`` of different parts only.

    ``progress`` is called with the share that is done, 0..1.
    """
    ground_m = _ground(found)
    looks = [member.look(ground_m) for member in found]
    pairs = [
        (i, k)
        for i, k in combinations(range(len(found)), 2)
        if not across or _differ(found[i].part, found[k].part)
    ]
    for done, (i, k) in enumerate(pairs):
        if likeness(looks[i], looks[k])[0] >= MAYBE:
            fine = [found[n].look(ground_m / FINER) for n in (i, k)]
            alike, share = likeness(*fine)
            if alike >= ALIKE:
                yield Overlap(found[i], found[k], share)
        if progress is not None:
            progress((done + 1) / len(pairs))


def details(brightness: NDArray[np.float32], valid: NDArray[np.bool_]) -> Look:
    """What is neither too fine nor too coarse of a picture (`DETAILS_PX`)."""
    there = valid.astype(np.float32)

    def smooth(deviation_px: float) -> NDArray[np.float32]:
        weight: NDArray[np.float32] = gaussian_filter(there, deviation_px, mode="constant")
        values = gaussian_filter(brightness * there, deviation_px, mode="constant")
        smoothed: NDArray[np.float32] = values / np.maximum(weight, 1e-3)
        return smoothed

    fine, coarse = (smooth(deviation_px) for deviation_px in DETAILS_PX)
    return Look(np.where(valid, fine - coarse, 0).astype(np.float32), valid)


def likeness(one: Look, other: Look) -> tuple[float, float]:
    """Highest correlation of two pictures over all shifts, and the share they have in common.

    The share is of the one with less data; shifts at which it is below `LEAST_SHARE` do not count.
    (0, 0) if no shift does.
    """
    shape = [fft.next_fast_len(a + b - 1, real=True) for a, b in _sides(one, other)]
    a, b = (_spectra(look, shape) for look in (one, other))

    def sums(k: int, j: int) -> NDArray[np.float32]:
        values: NDArray[np.float32] = fft.irfft2(a[k] * b[j].conj(), shape)
        return values

    count = np.rint(sums(0, 0))
    least = min(int(look.valid.sum()) for look in (one, other))
    enough = count >= max(1.0, LEAST_SHARE * least)
    if not enough.any():
        return 0.0, 0.0
    n = np.maximum(count, 1)
    mean_a, mean_b = sums(1, 0) / n, sums(0, 1) / n
    spread = (sums(2, 0) / n - mean_a**2).clip(0) * (sums(0, 2) / n - mean_b**2).clip(0)
    # Flat ground (1 grey level of 255) cannot be compared: its noise is divided by no less.
    found = (sums(1, 1) / n - mean_a * mean_b) / np.sqrt(np.maximum(spread, 1.0))
    best = np.unravel_index(np.where(enough, found, -1).argmax(), found.shape)
    return float(found[best]), float(count[best] / least)


def _spectra(look: Look, shape: list[int]) -> list[NDArray[np.complex64]]:
    """Of where there is data, of the values there, and of their squares."""
    there = look.valid.astype(np.float32)
    return [fft.rfft2(x, shape) for x in (there, look.values, look.values**2)]


def _sides(one: Look, other: Look) -> Iterator[tuple[int, int]]:
    return zip(one.valid.shape, other.valid.shape, strict=True)


def _ground(found: Sequence[Member]) -> float:
    """Metres per coarse pixel."""
    smallest = min(m.pixel_size_m * min(m.shape_yx) for m in found)
    largest = max(m.pixel_size_m * max(m.shape_yx) for m in found)
    return max(smallest / COARSE_PX, largest / LARGEST_PX)


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _id(path: Path) -> str:
    return without_suffix(path.stem, IMAGE_SUFFIXES)
