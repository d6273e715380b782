"""Scenes on disk as a source of views: read by windows, small ones kept, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.datasets.masks import Strays, open_truth
from napari_uhrnet.engine.passes.lru import ByteLRU
from napari_uhrnet.engine.passes.reading import mirrored, read_inference
from napari_uhrnet.geometry.affine import InferenceGrid, network_grid
from napari_uhrnet.geometry.classes import NOTHING, ClassTable
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.scene.places import Grid, check_place
from napari_uhrnet.training.data.frames import Frame
from napari_uhrnet.training.data.sampling import count, places_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.datasets.masks import Truth
    from napari_uhrnet.scene.base import Scene

OPEN_SCENES = 4
"""Scenes that stay open, since views of the same one often follow each other."""
SMALL_PX = 1 << 24
"""Level-0 pixels up to which a scene is read whole, if a share of the cache holds it."""
SURVEY_PX = 1024
"""Rows and columns at which a mask is sampled to count its classes, at most."""


@dataclass(frozen=True)
class TruePair:
    """An image and its mask; metres per pixel of the image if the file lacks it."""

    image: Path
    mask: Path
    pixel_size_m: float | None = None


class DiskSource:
    """Images with masks, at the network's scale.

    Parameters
    ----------
    pairs
        Opened when they are needed.
    classes
        Of the masks; what is ignored in it is not learned.
    target_m
        Metres per pixel that the network sees.
    cache_bytes
        For small scenes, which are kept whole at the network's scale.

    Raises UserError for a file that cannot be used, for a mask that does not lie on its image, or
    one with classes outside of the table.
    """

    def __init__(
        self,
        name: str,
        pairs: Iterable[TruePair],
        classes: ClassTable,
        target_m: float,
        cache_bytes: int = 1 << 30,
    ) -> None:
        self.name = name
        self.pairs = tuple(pairs)
        self._classes, self._target_m = classes, target_m
        self._kept: ByteLRU[int, _Part] = ByteLRU(cache_bytes, lambda part: part.nbytes)
        self._open: OrderedDict[int, _Opened] = OrderedDict()
        self._grids: list[InferenceGrid] = []
        self.places: list[dict[int, NDArray[np.int64]]] = []
        counts = []
        for which in range(len(self.pairs)):
            self._grids.append(self._opened(which).grid)
            counted, places = self._survey(which)
            counts.append(counted)
            self.places.append(places)
        self.counts = np.stack(counts)
        self.share = float(sum(h * w for h, w in self.shapes_yx))

    @property
    def shapes_yx(self) -> list[tuple[int, int]]:
        """Size of each scene in pixels of the network's scale."""
        return [grid.shape_yx for grid in self._grids]

    @property
    def kept_bytes(self) -> int:
        """Bytes of the scenes that are kept."""
        return self._kept.bytes

    def cut(self, which: int, window: Window) -> Frame:
        """A part of a scene, mirrored where it has no data; the same whether kept or not."""
        if not self._is_small(which):
            return self._opened(which).read(window).mirrored()
        whole = self._kept.get(which)
        if whole is None:
            whole = self._opened(which).read(Window.of_shape(self._grids[which].shape_yx))
            self._kept.put(which, whole)
        return whole.cut(window).mirrored()

    def close(self) -> None:
        """Release the files."""
        while self._open:
            self._open.popitem()[1].close()

    def _is_small(self, which: int) -> bool:
        grid = self._grids[which]
        height, width = grid.level0_shape_yx
        bytes_kept = 5 * grid.shape_yx[0] * grid.shape_yx[1]
        return height * width <= SMALL_PX and bytes_kept <= self._kept.limit_bytes // 4

    def _opened(self, which: int) -> _Opened:
        if which not in self._open:
            while len(self._open) >= OPEN_SCENES:
                self._open.popitem(last=False)[1].close()
            self._open[which] = _Opened(self.pairs[which], self._classes, self._target_m)
        self._open.move_to_end(which)
        return self._open[which]

    def _survey(self, which: int) -> tuple[NDArray[np.float64], dict[int, NDArray[np.int64]]]:
        """Class counts of a scene and places of its classes, from a coarse sample of its mask."""
        opened, (height, width) = self._opened(which), self._grids[which].shape_yx
        steps = -(-height // SURVEY_PX), -(-width // SURVEY_PX)
        labels = opened.survey(steps)
        found = places_of(labels)
        limit = np.array([height, width]) - 1
        spread = np.array(steps)
        return count(labels) * spread.prod(), {
            label: np.minimum(at * spread, limit) for label, at in found.items()
        }


@dataclass(frozen=True)
class _Part:
    """A part of a scene as it is stored, and its ``valid`` (h, w) bool, None if all of it is."""

    frame: Frame
    valid: NDArray[np.bool_] | None

    @property
    def nbytes(self) -> int:
        held = self.frame.pixels.nbytes + self.frame.labels.nbytes
        return held + (self.valid.nbytes if self.valid is not None else 0)

    def cut(self, window: Window) -> _Part:
        frame = self.frame.cut(window.y, window.x, window.height, window.width)
        return _Part(frame, None if self.valid is None else self.valid[window.slices])

    def mirrored(self) -> Frame:
        """Pixels as networks see them."""
        if self.valid is None:
            return self.frame
        return replace(self.frame, pixels=mirrored(self.frame.pixels, self.valid))


class _Opened:
    """A scene and its ground truth on the network's grid."""

    def __init__(self, pair: TruePair, classes: ClassTable, target_m: float) -> None:
        self._name, self._classes = pair.image.name, classes
        self._ignored = [c.id for c in classes.classes if c.ignore]
        with ExitStack() as unfinished:
            self.scene: Scene = open_scene(pair.image, pair.pixel_size_m)
            unfinished.callback(self.scene.close)
            self.truth: Truth = open_truth(pair.mask, classes)
            unfinished.callback(self.truth.close)
            check_place(self.truth.grid, Grid.of(str(pair.image), self.scene.picture))
            pixel_size_m = self.scene.pixel_size_m or target_m
            self.grid = network_grid(self.scene.shape_yx, pixel_size_m / target_m)
            self._files = unfinished.pop_all()

    def close(self) -> None:
        self._files.close()

    def read(self, window: Window) -> _Part:
        pixels, valid = read_inference(self.scene, self.grid, window)
        rows, columns = self._level0(window, (1, 1))
        labels = self._at(self.truth.read(_around(rows, columns)), rows, columns)
        labels[~valid] = NOTHING
        frame = Frame(self._name, pixels, labels)
        return _Part(frame, None if valid.all() else valid)

    def survey(self, steps_yx: tuple[int, int]) -> NDArray[np.uint8]:
        """Labels at every n-th row and column; read band by band, to hold no more than one.

        UserError if there are classes outside of the table.
        """
        height, width = self.grid.shape_yx
        rows, columns = self._level0(Window(0, 0, height, width), steps_yx)
        band = max(1, (1 << 24) // self.truth.shape_yx[1])
        parts, k, strays = [], 0, Strays(self.truth)
        while k < len(rows):
            stop = max(k + 1, int(np.searchsorted(rows, rows[k] + band)))
            counted = self.truth.read_counted(_around(rows[k:stop], columns))
            strays.add(counted)
            parts.append(self._at(counted.ids, rows[k:stop], columns))
            k = stop
        strays.check(self._classes)
        return np.concatenate(parts)

    def _level0(
        self, window: Window, steps_yx: tuple[int, int]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Level-0 rows and columns in which the centres of inference pixels lie."""
        (h0, w0), (h, w) = self.grid.level0_shape_yx, self.grid.shape_yx
        rows = np.arange(window.y, window.bottom, steps_yx[0], dtype=np.int64)
        columns = np.arange(window.x, window.right, steps_yx[1], dtype=np.int64)
        return (2 * rows + 1) * h0 // (2 * h), (2 * columns + 1) * w0 // (2 * w)

    def _at(
        self, ids: NDArray[np.uint8], rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        """Labels at level-0 rows and columns, of the ids `_around` them."""
        labels = ids[np.ix_(rows - rows[0], columns - columns[0])]
        labels[np.isin(labels, self._ignored)] = NOTHING
        return labels


def _around(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Window:
    return Window.between(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
