"""Weights of GLNet as its authors give them out: pickled state dicts, one for each stage."""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_uhrnet.errors import UserError
from napari_uhrnet.models.glnet.network import GLNet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROLES = ("global", "global2local", "local2global")
"""The stages in their published order; role k is what mode k + 1 evaluates."""

_Weights = dict[str, Tensor]

_DAMAGED = (
    *(RuntimeError, EOFError, ValueError, LookupError, AssertionError),
    *(TypeError, AttributeError, struct.error),
)
"""What torch's unpickler was seen to raise on files that are cut, damaged or something else."""


@dataclass(frozen=True, slots=True)
class PublishedGLNet:
    """What `published_inference` needs, in evaluation mode on the CPU."""

    model: GLNet
    mode: int
    frozen_global: GLNet | None


def load_published(paths: Sequence[Path], mode: int | None = None) -> PublishedGLNet:
    """The network of a mode from published .pth files.

    Mode 1 needs the global file, mode 2 the global2local file, mode 3 the global and the
    local2global files; others may be given. As in the published code, keys that the network does
    not have are left out, and so is all that is "local" of the global file. What a mode does not
    use may be missing and is zero then.

    Parameters
    ----------
    paths
        One to three files. The role of a file is the one in its name ("..._global2local.pth"), or
        else its place in the order global, global2local, local2global.
    mode
        1, 2 or 3; by default the highest that the files are enough for.

    Raises
    ------
    UserError
        If a file is missing, is no plain file of weights, lacks keys, has other shapes, or if the
        files are not those of the mode.
    """
    files = _roles(paths)
    mode = _best_mode(files) if mode is None else mode
    needed = {1: ["global"], 2: ["global2local"], 3: ["local2global", "global"]}.get(mode)
    if needed is None:
        raise ValueError(f"GLNet has the modes 1, 2 and 3, not {mode}")
    for role in needed:
        if role not in files:
            raise UserError(f"{next(iter(paths))}: mode {mode} also needs the {role} file: add it")
    networks = [_load(files[role], role) for role in needed]
    return PublishedGLNet(networks[0], mode, networks[1] if mode == 3 else None)


def _roles(paths: Sequence[Path]) -> dict[str, Path]:
    if not 1 <= len(paths) <= len(ROLES):
        raise UserError(f"{len(paths)} files are no GLNet checkpoint: give one to three .pth files")
    files: dict[str, Path] = {}
    for path, place in zip(paths, ROLES, strict=False):
        # The longer names first: both hold "global" as well.
        role = next((r for r in reversed(ROLES) if r in path.stem), place)
        if role in files:
            raise UserError(f"{path}: is a second {role} file beside {files[role].name}: leave one")
        files[role] = path
    return files


def _best_mode(files: dict[str, Path]) -> int:
    if {"global", "local2global"} <= files.keys():
        return 3
    return 2 if "global2local" in files else 1


def _load(path: Path, role: str) -> GLNet:
    weights = _read(path)
    if role == "global":
        weights = {k: v for k, v in weights.items() if "local" not in k}
    head = weights.get("fpn_global.classify.bias")
    with torch.device("meta"):
        network = GLNet(7 if head is None else head.numel())
    network.load_state_dict(_fit(path, role, weights, network), assign=True)
    return network.eval().requires_grad_(False)


def _read(path: Path) -> _Weights:
    try:
        data = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file: check its name") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}): get it again") from None
    except pickle.UnpicklingError:
        reason = "holds something else than plain weights, maybe code, and was not opened"
        raise UserError(f"{path}: {reason}: get the published .pth file") from None
    except _DAMAGED:
        raise UserError(f"{path}: is damaged or no .pth file: get it again") from None
    if not isinstance(data, dict) or not all(
        isinstance(k, str) and isinstance(v, Tensor) for k, v in data.items()
    ):
        raise UserError(f"{path}: is no state dict of named weights: get the published .pth file")
    return {key.removeprefix("module."): value for key, value in data.items()}


def _fit(path: Path, role: str, weights: _Weights, network: GLNet) -> _Weights:
    """A value for each key of the network, or the reason why the file is not the right one."""
    fitted = {}
    for key, expected in network.state_dict().items():
        value = weights.get(key)
        if value is None and _used(key, role):
            raise UserError(
                f"{path}: {key} is missing, so it is no {role} file of GLNet: get the right one"
            )
        if value is None:
            value = torch.zeros(expected.shape)
        elif value.shape != expected.shape:
            raise UserError(
                f"{path}: {key} has the shape {tuple(value.shape)} instead of "
                f"{tuple(expected.shape)}: get the published GLNet file"
            )
        fitted[key] = value.to(expected.dtype)
    return fitted


def _used(key: str, role: str) -> bool:
    """Whether the mode of a role computes anything with the weight."""
    if key.endswith("num_batches_tracked"):
        return False
    if role == "global" and not key.startswith(("resnet_global.", "fpn_global.")):
        return False
    if key.startswith("fpn_global.") and "classify" not in key:
        merging = "_ext." in key or key.startswith("fpn_global.smooth.")
        return merging == (role == "local2global")
    return True
