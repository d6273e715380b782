"""Random views of frames, rare classes more often than by area."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.training.data.augment import padded, random_colour, random_turn, resized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.training.data.frames import Frame

PLACES = 256
"""Pixels of a class that are remembered for each frame, to centre views on."""

View = tuple["NDArray[np.float32]", "NDArray[np.uint16]"]


class Source(Protocol):
    """Scenes of one kind, and how often one is drawn compared with other sources."""

    name: str
    share: float

    @property
    def shapes_yx(self) -> Sequence[tuple[int, int]]:
        """Size of each scene in pixels of the network's scale."""
        ...

    @property
    def counts(self) -> NDArray[np.float64]:
        """(scenes, 255) pixels of each class id, or numbers in proportion to them."""
        ...

    @property
    def places(self) -> Sequence[dict[int, NDArray[np.int64]]]:
        """Of each scene: some pixels (K, 2) y, x of each class that it holds."""
        ...

    def cut(self, which: int, window: Window) -> Frame:
        """A part of a scene."""
        ...


@dataclass
class FrameSource:
    """A source that is held in memory."""

    name: str
    share: float
    frames: Sequence[Frame]
    places: list[dict[int, NDArray[np.int64]]] = field(init=False)
    counts: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.places = [places_of(frame.labels) for frame in self.frames]
        self.counts = np.stack([count(frame.labels) for frame in self.frames])

    @property
    def shapes_yx(self) -> list[tuple[int, int]]:
        """Size of each frame."""
        return [(f.labels.shape[0], f.labels.shape[1]) for f in self.frames]

    def cut(self, which: int, window: Window) -> Frame:
        """A part of a frame, as a view."""
        return self.frames[which].cut(window.y, window.x, window.height, window.width)


@dataclass(frozen=True)
class Sampling:
    """What a view is like.

    Parameters
    ----------
    crop_px, crops
        Side of a view, and views in a batch.
    whole_share
        How often a batch is one view of a whole frame of up to ``whole_px`` instead, of sources
        whose frames are larger than a crop.
    balance
        How often a view is centred on a pixel of a class drawn with equal chances.
    zoom
        Smallest and largest factor of a random zoom.
    colour_strength
        See `augment.random_colour`.
    """

    crop_px: int = 512
    crops: int = 3
    whole_share: float = 0.0
    whole_px: int = 1024
    balance: float = 0.5
    zoom: tuple[float, float] = (0.85, 1.3)
    colour_strength: float = 0.2


def draw_batch(
    sources: Sequence[Source], sampling: Sampling, rng: np.random.Generator
) -> list[View]:
    """Views of one size: pixels (h, w, 3) float32 in 0..255 and labels (h, w) uint16."""
    large = [s for s in sources if min(s.shapes_yx[0]) > sampling.crop_px]
    if large and rng.random() < sampling.whole_share:
        source = _source(large, rng)
        return [_whole(source, int(rng.integers(len(source.shapes_yx))), sampling, rng)]
    return [_crop(sources, sampling, rng) for _ in range(sampling.crops)]


def class_shares(sources: Sequence[Source], classes: ClassTable) -> NDArray[np.float64]:
    """(N,) share of each class among the labelled pixels that unbalanced drawing gives."""
    total = np.zeros(NOTHING)
    for source in sources:
        counts = source.counts.sum(axis=0)
        total += source.share * counts / max(counts.sum(), 1.0)
    shares: NDArray[np.float64] = total[classes.ids]
    normed: NDArray[np.float64] = shares / shares.sum()
    return normed


def _source(sources: Sequence[Source], rng: np.random.Generator) -> Source:
    shares = np.array([s.share for s in sources])
    return sources[int(rng.choice(len(sources), p=shares / shares.sum()))]


def _whole(source: Source, which: int, sampling: Sampling, rng: np.random.Generator) -> View:
    shape_yx = source.shapes_yx[which]
    height, width = (min(n, sampling.whole_px) for n in shape_yx)
    y = int(rng.integers(shape_yx[0] - height + 1))
    x = int(rng.integers(shape_yx[1] - width + 1))
    return _finished(source.cut(which, Window(y, x, height, width)), sampling, rng)


def _crop(sources: Sequence[Source], sampling: Sampling, rng: np.random.Generator) -> View:
    source = _source(sources, rng)
    which, centre = _centre(source, sampling.balance, rng)
    shape_yx = source.shapes_yx[which]
    zoom = float(np.exp(rng.uniform(*np.log(sampling.zoom))))
    side = min(round(sampling.crop_px / zoom), *shape_yx)
    if centre is None:
        top, left = (int(rng.integers(n - side + 1)) for n in shape_yx)
    else:
        top, left = (
            int(np.clip(at - rng.integers(side), 0, n - side))
            for at, n in zip(centre, shape_yx, strict=True)
        )
    cut = source.cut(which, Window(top, left, side, side))
    # A scene too small for the view is enlarged no more than any other.
    size_px = min(sampling.crop_px, round(side * max(sampling.zoom)))
    return _finished(padded(resized(cut, size_px), sampling.crop_px), sampling, rng)


def _finished(frame: Frame, sampling: Sampling, rng: np.random.Generator) -> View:
    turned = random_turn(frame, rng)
    pixels = random_colour(turned.pixels, sampling.colour_strength, rng)
    return pixels, turned.labels.astype(np.uint16)


def _centre(
    source: Source, balance: float, rng: np.random.Generator
) -> tuple[int, tuple[int, int] | None]:
    """Number of a frame, and the pixel that its view must hold, if any."""
    present = np.flatnonzero(source.counts.any(axis=0))
    if not len(present) or rng.random() >= balance:
        return int(rng.integers(len(source.shapes_yx))), None
    label = int(rng.choice(present))
    # The root: frames full of a class are drawn more often, but not exclusively.
    chance = np.sqrt(source.counts[:, label])
    which = int(rng.choice(len(chance), p=chance / chance.sum()))
    places = source.places[which][label]
    y, x = places[int(rng.integers(len(places)))]
    return which, (int(y), int(x))


def places_of(labels: NDArray[np.integer]) -> dict[int, NDArray[np.int64]]:
    """Some pixels (K, 2) y, x of each class, evenly spread over its pixels."""
    found = {}
    for label in np.unique(labels):
        if label < NOTHING:
            at = np.flatnonzero(labels.ravel() == label)
            some = at[np.linspace(0, len(at) - 1, min(PLACES, len(at))).astype(np.int64)]
            found[int(label)] = np.stack(np.unravel_index(some, labels.shape), axis=1)
    return found


def count(labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """(255,) pixels of each class id."""
    found = np.bincount(labels.ravel(), minlength=NOTHING + 1)[:NOTHING]
    counts: NDArray[np.float64] = found.astype(np.float64)
    return counts
