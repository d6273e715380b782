"""Where a run computes: one device in plain torch; several are lightning's Fabric."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import Tensor

    from napari_uhrnet.training.loop.precision import Precision


class Devices(Protocol):
    """What the loop needs to know: this process's device, and how to talk to other processes.

    Fabric has all of it.
    """

    @property
    def device(self) -> torch.device:
        """The one of this process."""
        ...

    @property
    def world_size(self) -> int:
        """Number of processes, each with a device of its own."""
        ...

    @property
    def global_rank(self) -> int:
        """The number of this process, from 0."""
        ...

    @property
    def is_global_zero(self) -> bool:
        """Whether this process writes files and reports."""
        ...

    def autocast(self) -> AbstractContextManager[object]:
        """Around what is computed in the run's precision."""
        ...

    def all_reduce(self, data: Tensor, *, reduce_op: str) -> Tensor:
        """A tensor's "mean" or "sum" over all processes."""
        ...


@dataclass(frozen=True)
class OneDevice:
    """A single process with a single device."""

    device: torch.device
    precision: Precision

    world_size = 1
    global_rank = 0
    is_global_zero = True

    def autocast(self) -> AbstractContextManager[object]:
        """See `Devices.autocast`."""
        if self.precision == "32-true":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def all_reduce(self, data: Tensor, *, reduce_op: str) -> Tensor:
        """See `Devices.all_reduce`: there are no other processes."""
        return data
