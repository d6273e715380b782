"""How much memory a step takes, and how many patches at once a budget allows."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import torch

from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


class Meter(Protocol):
    """Measures the most memory that was held since it was set back."""

    def reset(self) -> None:
        """Forget earlier peaks, where the system can."""
        ...

    def peak_bytes(self) -> int:
        """The most that was held, in bytes."""
        ...


class ProcessMeter:
    """Resident memory of this process; only Linux can forget an earlier peak."""

    def reset(self) -> None:
        """Set the peak to what is held now."""
        # Where that is not allowed, an earlier peak counts, too.
        with suppress(OSError):
            _RESET.write_text("5")

    def peak_bytes(self) -> int:
        """Peak of the resident set."""
        if _STATUS.exists():
            lines = _STATUS.read_text(encoding="ascii").splitlines()
            return 1024 * next(int(x.split()[1]) for x in lines if x.startswith("VmHWM"))
        if sys.platform == "win32":
            raise UserError("training: memory is not measured on Windows without a GPU")
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return int(peak) * (1 if sys.platform == "darwin" else 1024)


class CudaMeter:
    """Memory that torch holds on a GPU."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def reset(self) -> None:
        """Forget earlier peaks."""
        torch.cuda.reset_peak_memory_stats(self._device)

    def peak_bytes(self) -> int:
        """Peak of what was allocated."""
        return int(torch.cuda.max_memory_allocated(self._device))


def meter_of(device: torch.device) -> Meter:
    """The meter of where a network is trained."""
    return CudaMeter(device) if device.type == "cuda" else ProcessMeter()


def choose_patches_at_once(
    measure: Callable[[int], int], budget_bytes: int, at_most: int
) -> tuple[int, int]:
    """Patches that a step may process at once, and the bytes that it is expected to hold.

    ``measure`` gives the peak of a step at some number of patches; memory grows by the same for
    each further patch, so two measurements are enough. UserError if one patch is too much already.
    """
    one = measure(1)
    if one > budget_bytes:
        raise UserError(
            f"training: a step with one patch at a time holds {gigabytes(one)}, more than the "
            f"budget of {gigabytes(budget_bytes)}: allow more, or train on fewer or smaller views"
        )
    if at_most == 1:
        return 1, one
    each = max(measure(2) - one, 1)
    count = min(at_most, 1 + (budget_bytes - one) // each)
    return count, one + (count - 1) * each


def gigabytes(count: int) -> str:
    """An amount of memory as text."""
    return f"{count / 1e9:.2f} GB"


def parse_bytes(text: str) -> int:
    """Bytes of "4GB", "800 MB" or "1.5 GiB"; UserError for anything else."""
    units = {"kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 2**10, "mib": 2**20, "gib": 2**30, "b": 1}
    plain = text.strip().lower().replace(" ", "")
    unit = next((u for u in sorted(units, key=len, reverse=True) if plain.endswith(u)), "")
    try:
        count = int(float(plain.removesuffix(unit)) * units.get(unit, 1))
        if count <= 0:
            raise ValueError
    except (ValueError, OverflowError):
        raise UserError(f"{text}: is no amount of memory: write it like 4GB") from None
    return count
