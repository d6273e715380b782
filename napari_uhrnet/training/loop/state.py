"""``state.pt``: what a run needs to resume."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING, Any, BinaryIO

import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.store.files.disk import disk_errors

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

_KEYS = {"step", "model", "average", "optimizer"}


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Save tensors; the file appears whole or not at all. UserError if the disk is full."""
    part = path.with_suffix(".part")
    try:
        with disk_errors(path.parent, "the run", "continue with --resume"), part.open("wb") as file:
            _save(state, file)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _save(state: dict[str, Any], file: BinaryIO) -> None:
    """torch.save, which wraps errors of the disk into another error."""
    try:
        torch.save(state, file)
    except RuntimeError as error:
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise


def steps_done(path: Path) -> int:
    """The number of steps of a state; 0 without one."""
    if not path.exists():
        return 0
    return int(_load(path, torch.device("cpu"))["step"])


def read_state(path: Path, device: torch.device, model: nn.Module) -> dict[str, Any]:
    """What `write_state` wrote for this network; UserError if it is something else."""
    state = _load(path, device)
    try:
        known = {k: v.shape for k, v in state["average"].items()}
    except AttributeError:
        raise UserError(f"{path}: is no state of a run: start a new run") from None
    if known != {k: v.shape for k, v in model.state_dict().items()}:
        raise UserError(f"{path}: belongs to another network: choose another run folder")
    return state


def _load(path: Path, device: torch.device) -> dict[str, Any]:
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except (
        OSError,
        RuntimeError,
        EOFError,
        pickle.UnpicklingError,
        AttributeError,
        LookupError,
        MemoryError,
        TypeError,
        ValueError,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path}: is no state of a run ({reason}): start a new run") from None
    if not isinstance(state, dict) or _KEYS - set(state) or type(state["step"]) is not int:
        raise UserError(f"{path}: is no state of a run: start a new run")
    return state
