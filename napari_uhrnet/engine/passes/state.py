"""What outlives a plan: caches, counters, the batch size and the device."""

from __future__ import annotations

import itertools
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import torch

from napari_uhrnet.engine.passes.lru import ByteLRU

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_uhrnet.engine.planning.layout import SceneLayout
    from napari_uhrnet.geometry.grid import Cell
    from napari_uhrnet.models.base.protocol import FrameFeatures, SegmentationModel
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.scene.base import Scene

MB = 1 << 20
FEATURE_BYTES = 1536 * MB
"""Features wait only until their patch is decoded; a frame of 36 at the paper's size has 1.2 GB."""
GPU_BATCH = 8
"""Patches at once on a GPU. On a CPU one at a time: more are no faster, and nothing is padded."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class EncodedPatch:
    """F of a patch, (1, C, h, w), and its ``valid`` (p, p) bool, None if all pixels are."""

    features: Tensor
    valid: NDArray[np.bool_] | None

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.features.nbytes + (self.valid.nbytes if self.valid is not None else 0)


@dataclass(frozen=True, slots=True)
class DescribedPatch:
    """D of a patch, (D, n, n); ``has_data`` is False if the patch has none."""

    descriptor: Tensor
    has_data: bool

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.descriptor.nbytes


@dataclass(frozen=True, slots=True)
class PatchLogits:
    """``logits`` of each branch, (N, h, w) on the CPU; ``valid`` (p, p) bool, None if all are."""

    logits: dict[str, Tensor]
    valid: NDArray[np.bool_] | None

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        own = sum(v.nbytes for v in self.logits.values())
        return own + (self.valid.nbytes if self.valid is not None else 0)


class EngineState:
    """The state of one scene with one checkpoint.

    Parameters
    ----------
    scene, layout, model
        What is segmented, on which grids, with what.
    batch_size
        Patches at once; by default what the device is good at.
    cache_bytes
        Limit of each cache (descriptors, logits, frames); a quarter of it for pixels.
    feature_bytes
        Limit of the features of patches that are not decoded yet.

    Attributes
    ----------
    counts
        "encoded", "decoded", "frames", "merged": how often each pass ran for a patch or frame.
    seconds_per_patch
        Measured, None before the first patch.
    notes
        What the user should know of the run, e.g. a step of the out-of-memory ladder.
    """

    def __init__(
        self,
        scene: Scene,
        layout: SceneLayout,
        model: LoadedModel,
        batch_size: int | None = None,
        cache_bytes: int = 256 * MB,
        feature_bytes: int = FEATURE_BYTES,
    ) -> None:
        self.scene = scene
        self.layout = layout
        self.network = model.network
        self.device = model.device
        self.classes = model.classes
        self.batch_size = batch_size or default_batch_size(model.device)
        self.counts: Counter[str] = Counter()
        self.seconds_per_patch: float | None = None
        self.notes: list[str] = []
        self._at_work = False
        self.encoded: ByteLRU[tuple[Cell, Cell | None], EncodedPatch] = ByteLRU(
            feature_bytes, lambda e: e.nbytes
        )
        self.descriptors: ByteLRU[Cell, DescribedPatch] = ByteLRU(cache_bytes, lambda d: d.nbytes)
        self.logits: ByteLRU[Cell, PatchLogits] = ByteLRU(cache_bytes, lambda p: p.nbytes)
        self.frames: ByteLRU[Cell, FrameFeatures] = ByteLRU(cache_bytes, lambda f: f.nbytes)
        self.merged: ByteLRU[Cell, FrameFeatures] = ByteLRU(cache_bytes, lambda f: f.nbytes)
        self.pixels: ByteLRU[Cell, tuple[NDArray[np.uint8], NDArray[np.bool_]]] = ByteLRU(
            cache_bytes // 4, lambda p: p[0].nbytes + p[1].nbytes
        )

    def in_batches(
        self, cells: Sequence[Cell], work: Callable[[list[Cell]], Result]
    ) -> list[Result]:
        """Do work on batches of patches, on the out-of-memory ladder.

        A batch that does not fit the device is halved until it is one patch, then a copy of the
        network works on the CPU; each step is noted and stays for the rest of the state's life.
        Work within work leaves the step to the outermost: what is at hand there lies on the device.
        """
        outermost, self._at_work = not self._at_work, True
        results, done = [], 0
        try:
            while done < len(cells):
                batch = list(cells[done : done + self.batch_size])
                try:
                    results.append(work(batch))
                except torch.OutOfMemoryError:
                    if not outermost:
                        raise
                    self.step_down()
                    continue
                done += len(batch)
        finally:
            self._at_work = not outermost
        return results

    def step_down(self) -> None:
        """One step of the ladder; without one left the error in flight is raised again."""
        if self.batch_size > 1:
            self.batch_size //= 2
            self.notes.append(
                f"{self.device} ran out of memory: continuing with {self.batch_size} at once"
            )
        elif self.device.type != "cpu":
            self.notes.append(f"{self.device} ran out of memory: continuing on the CPU, slower")
            self.device = torch.device("cpu")
            self.network = on_cpu(self.network)
            self.forget_device()
        else:
            raise
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def forget_device(self) -> None:
        """Drop what lies on a device that is given up."""
        self.encoded.clear()
        self.descriptors.clear()
        self.frames.clear()
        self.merged.clear()


def on_cpu(network: SegmentationModel) -> SegmentationModel:
    """A copy of a network on the CPU; others may use the network itself where it is.

    Its weights are copied straight there: a plain deep copy would need room on the full device.
    """
    module = cast("torch.nn.Module", network)
    there = itertools.chain(module.parameters(), module.buffers())
    return deepcopy(network, {id(t): _like(t) for t in there})


def _like(tensor: Tensor) -> Tensor:
    copy = tensor.detach().to("cpu", copy=True)
    if not isinstance(tensor, torch.nn.Parameter):
        return copy
    return torch.nn.Parameter(copy, requires_grad=tensor.requires_grad)


def default_batch_size(device: torch.device) -> int:
    """Patches at once on a device, before anything ran out of memory."""
    return 1 if device.type == "cpu" else GPU_BATCH
