"""The networks one can ask for by name, and loading them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.models.base.config import LIGHT, PAPER, BaselineConfig, Config, GLNetConfig
from napari_uhrnet.models.baselines import BASELINES
from napari_uhrnet.resources import resource_path

if TYPE_CHECKING:
    import torch

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.models.base.checkpoint import Card
    from napari_uhrnet.models.base.protocol import SegmentationModel
    from napari_uhrnet.models.build import Network

DEFAULT_MODEL = "uhrnet-light"
DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Cost:
    """What one 2448 px scene costs, as measured by ``benchmarks/models_table.py``.

    ``macs`` are multiply-accumulates at the scale the network works at (so a light one, which
    looks at 1.2 m instead of 0.5 m, has fewer pixels); ``memory_bytes`` is what a process on the
    CPU needs at most beyond what it had before the network was built, weights included.
    """

    macs: int
    memory_bytes: int


@dataclass(frozen=True)
class ModelEntry:
    """A network of the registry; without a path there are no weights for it."""

    name: str
    description: str
    config: Config

    @property
    def path(self) -> Path | None:
        """Its shipped checkpoint."""
        folder = resource_path("checkpoints")
        path = folder / f"{self.name}.safetensors"
        return path if path.exists() else None

    @property
    def shipped(self) -> bool:
        """Whether a checkpoint comes with the package."""
        return self.path is not None

    @property
    def cost(self) -> Cost:
        """Its measured cost."""
        known = _costs()[self.name]
        return Cost(known["macs"], known["memory_bytes"])

    @property
    def parameters(self) -> int:
        """Number of trainable weights; noted where building the network needs an extra."""
        noted = _costs().get(self.name)
        return noted["parameters"] if noted else _count_parameters(self.config)


def _count_parameters(config: Config) -> int:
    import torch

    from napari_uhrnet.models import build

    with torch.device("meta"):
        network = build.build_network(config)
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


@dataclass(frozen=True)
class LoadedModel:
    """A network with its weights on a device, and its card.

    ``hash`` is `identity`: predictions with the same hash are the same network's.
    """

    name: str
    network: SegmentationModel
    card: Card
    hash: str
    device: torch.device

    @property
    def classes(self) -> ClassTable:
        """Output channel k is the k-th class."""
        return self.card.classes

    @property
    def branches(self) -> tuple[str, ...]:
        """The branches it has; "fused" is always among them."""
        return self.network.branches


@cache
def _costs() -> dict[str, dict[str, int]]:
    costs: dict[str, dict[str, int]] = json.loads(
        resource_path("model_costs.json").read_text(encoding="utf-8")
    )
    return costs


_ABLATIONS: dict[str, tuple[str, dict[str, object]]] = {
    "local": ("local branch alone", {"use_global": False, "local_fusion": False}),
    "local-llf": ("local branch with local fusion", {"use_global": False}),
    "global": ("global branch alone", {"use_local": False}),
    "both": ("both branches, no local fusion", {"local_fusion": False}),
    "into-frame": ("patches merged into the frame", {"readout": "into_frame"}),
}
_GLNETS = {
    "glnet": ("GLNet, mode 3: local into global, ResNet-50", GLNetConfig(mode=3)),
    "glnet-into-patches": ("GLNet, mode 2: global into local, ResNet-50", GLNetConfig(mode=2)),
    "glnet-light": (
        "GLNet, mode 2, two EfficientNet-Lite0 branches, 1.2 m/px",
        GLNetConfig(
            mode=2,
            backbone=LIGHT.backbone,
            width=LIGHT.feature_channels,
            size_px=LIGHT.patch_px,
            frame_px=LIGHT.frame_px,
            normalised=True,
            classes=LIGHT.classes,
        ),
    ),
    "glnet-global": ("GLNet, mode 1: its global branch alone", GLNetConfig(mode=1)),
}


def _entries() -> tuple[ModelEntry, ...]:
    found = [
        ModelEntry("uhrnet-light", "UHRNet, two EfficientNet-Lite0 branches, 1.2 m/px", LIGHT),
        ModelEntry("uhrnet-r50", "UHRNet at the paper's size, two ResNet-50 branches", PAPER),
    ]
    for base in tuple(found):
        for name, (text, change) in _ABLATIONS.items():
            config = base.config.model_copy(update=change)
            found.append(ModelEntry(f"{base.name}-{name}", f"{base.name}: {text}", config))
    found += [ModelEntry(name, text, config) for name, (text, config) in _GLNETS.items()]
    for name, baseline in BASELINES.items():
        for regime, text in (("patches", "on patches"), ("downsampled", "on the shrunken frame")):
            config = BaselineConfig.model_validate({"baseline": name, "regime": regime})
            found.append(ModelEntry(f"{name}-{regime}", f"{baseline.title} {text}", config))
    return tuple(found)


_ENTRIES = _entries()


def list_models() -> list[ModelEntry]:
    """All networks of the registry, shipped or not."""
    return list(_ENTRIES)


def find_entry(name: str) -> ModelEntry:
    """A network of the registry by its name."""
    for entry in _ENTRIES:
        if entry.name == name:
            return entry
    raise UserError(f"{name}: no such network: `napari-uhrnet models` lists them")


def find_checkpoint(name_or_file: str | Path) -> Path:
    """The .safetensors file of a name of the registry or of a path."""
    for entry in _ENTRIES:
        if entry.name == str(name_or_file):
            if entry.path is None:
                raise UserError(f"{entry.name}: no weights: load or train a checkpoint of it first")
            return entry.path
    path = Path(name_or_file)
    if _is_published(path):
        return path
    if not path.is_file():
        raise UserError(
            f"{path}: neither a checkpoint file nor the name of a model: "
            "`napari-uhrnet models` lists those"
        )
    if path.suffix != ".safetensors":
        raise UserError(
            f"{path}: a checkpoint is a .safetensors file with its .json card beside, or a folder "
            "of GLNet's .pth files"
        )
    return path


def card_of(name_or_file: str | Path) -> Card:
    """The card of a model; quick, but for GLNet's published files, which must be read."""
    from napari_uhrnet.models.base.checkpoint import read_card

    path = find_checkpoint(name_or_file)
    if _is_published(path):
        from napari_uhrnet.models.glnet.checkpoint import load_published_checkpoint

        return load_published_checkpoint(path)[0]
    return read_card(path)


def _is_published(path: Path) -> bool:
    """Whether a path is a .pth file or a folder of them, as GLNet's authors give them out."""
    return any(path.glob("*.pth")) if path.is_dir() else path.suffix == ".pth" and path.exists()


def load_model(name_or_file: str | Path = DEFAULT_MODEL, device: str = "auto") -> LoadedModel:
    """A network with its weights, ready to segment.

    Parameters
    ----------
    name_or_file
        A name of `list_models`, the path of a .safetensors checkpoint, or a folder with GLNet's
        published .pth files.
    device
        "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1", "mps".

    Raises
    ------
    UserError
        If there is no such model, file or device, or the file is not a checkpoint.
    """
    from napari_uhrnet.models.base.checkpoint import read_card, read_weights

    path = find_checkpoint(name_or_file)
    if _is_published(path):
        from napari_uhrnet.models.glnet.checkpoint import load_published_checkpoint

        return _ready(*load_published_checkpoint(path), choose_device(device))
    card = read_card(path)
    return build_model(card, read_weights(path, card), device, source=str(path))


def build_model(
    card: Card, weights: dict[str, torch.Tensor], device: str = "auto", source: str = "weights"
) -> LoadedModel:
    """A network from a card and weights in memory."""
    import torch

    from napari_uhrnet.models.build import build_network

    try:
        # Without memory first: a card may describe a network of any size.
        with torch.device("meta"):
            described = build_network(card.config).state_dict()
    except UserError:
        raise
    except Exception as error:  # what timm and torch make of a card can be anything
        raise UserError(
            f"{source}: no network can be built from its card ({_first_line(error)})"
        ) from None
    for name in sorted(described.keys() | weights.keys()):
        shapes = [tuple(w[name].shape) if name in w else "missing" for w in (described, weights)]
        if shapes[0] != shapes[1]:
            raise UserError(
                f"{source}: the weights do not fit their card ({name}: {shapes[1]} in the file, "
                f"{shapes[0]} by the card)"
            )
    network = build_network(card.config)
    network.load_state_dict(weights)
    return _ready(card, network, choose_device(device))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _ready(card: Card, network: Network, device: torch.device) -> LoadedModel:
    """A network in inference mode, on its device."""
    import torch

    network = network.eval().requires_grad_(False).to(device)
    network = network.to(memory_format=torch.channels_last)
    return LoadedModel(card.name, network, card, identity(card), device)


def identity(card: Card) -> str:
    """Hash of a network's weights and config: equal for networks that predict the same.

    Sixteen hexadecimal digits. The same weights predict differently with another config.
    """
    described = f"{card.sha256} {card.config.model_dump_json()}"
    return hashlib.sha256(described.encode()).hexdigest()[:16]


def choose_device(name: str) -> torch.device:
    """The device of a name; "auto" takes a GPU if there is one."""
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": _has_mps()}
    if name == "auto":
        name = next(n for n in ("cuda", "mps", "cpu") if there[n])
    kind = name.split(":")[0]
    if kind not in there:
        raise UserError(f"device {name!r} is unknown: choose one of {', '.join(DEVICES)}")
    if not there[kind]:
        raise UserError(f"device {name!r} is not available on this machine: choose auto or cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(f"device {name!r} is no device name, e.g. cuda:0") from None
    if kind == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(f"device {name!r}: there are only {torch.cuda.device_count()} GPUs")
    return device


def _has_mps() -> bool:
    import torch

    return torch.backends.mps.is_available()
