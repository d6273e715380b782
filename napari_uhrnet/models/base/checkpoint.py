"""Checkpoints: weights as safetensors, and beside them a JSON card that describes them."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.models.base.config import Config
from napari_uhrnet.strict_json import read_object

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from napari_uhrnet.geometry.classes import LabelClass


FORMAT = 1
"""Version of the card; newer ones are refused, all older ones can be read."""


class Card(BaseModel):
    """What a checkpoint is, what it was made from, and its scores on images not trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    name: str
    title: str
    architecture: Literal["uhrnet", "glnet", "baseline"]
    config: Config
    class_table: dict[str, Any] = Field(description="ids, names, colours: ClassTable.to_dict()")
    pixel_size_m: float = Field(
        gt=0, allow_inf_nan=False, description="ground sample distance it was trained at"
    )
    terms: str = Field(description="terms of the training data, binding for users of the weights")
    training: dict[str, Any] = {}
    trained_on: str = Field("", description="keys of the images, see `models.base.trained_on`")
    metrics: dict[str, Any] = {}
    sha256: str = Field("", description="of the .safetensors file")

    @property
    def classes(self) -> ClassTable:
        """Output channel k of the network is the k-th class."""
        return ClassTable.from_dict(self.class_table)

    @property
    def family(self) -> str:
        """Name of this kind of network, for display."""
        return {"uhrnet": "UHRNet", "glnet": "GLNet"}.get(self.architecture, self.name)


def card_path(weights: Path) -> Path:
    """The card of a .safetensors file."""
    return weights.with_suffix(".json")


def save_checkpoint(path: Path, weights: dict[str, Tensor], card: Card) -> None:
    """Write weights (as half precision) and card; each appears whole or not at all.

    UserError if a weight is not finite as half precision, or the file cannot be written.
    """
    import torch
    from safetensors.torch import save

    half = {
        key: (value.to(torch.float16) if value.is_floating_point() else value).contiguous()
        for key, value in weights.items()
    }
    check_finite(half, path)
    data = save(half)
    card = card.model_copy(update={"sha256": hashlib.sha256(data).hexdigest()})
    _replace(path, data)
    _replace(card_path(path), (card.model_dump_json(indent=2) + "\n").encode())


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None


def read_card(weights: Path) -> Card:
    """The card beside a .safetensors file."""
    path = card_path(weights)
    try:
        data = read_object(path)
        if isinstance(data.get("format"), int) and data["format"] > FORMAT:
            raise UserError(f"{path}: was written by a newer release: update napari-uhrnet")
        card = Card.model_validate(data)
        classes = _classes(path, card)
    except FileNotFoundError:
        raise UserError(f"{weights}: its card {path.name} is missing: keep both together") from None
    except (OSError, ValueError) as error:
        reason = _first_line(error)
        raise UserError(f"{path}: is no card of a checkpoint ({reason})") from None
    if len(classes) != card.config.classes:
        raise UserError(f"{path}: the class table does not have {card.config.classes} classes")
    return card


def _classes(path: Path, card: Card) -> tuple[LabelClass, ...]:
    try:
        return card.classes.classes
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error).splitlines()[0]


def check_finite(weights: dict[str, Tensor], source: object) -> None:
    """UserError if a weight is infinite or no number: such a network predicts nonsense."""
    for name, value in weights.items():
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise UserError(
                f"{source}: the weights {name} are not finite: use a checkpoint from before "
                "training failed"
            )


def read_weights(path: Path, card: Card) -> dict[str, Tensor]:
    """Weights in single precision, all finite, after their sha256 was found to be the card's."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise UserError(f"{path}: is not the file that its card describes: fetch it again")
    try:
        weights: dict[str, Tensor] = load(data)
    except SafetensorError as error:
        raise UserError(f"{path}: is no safetensors file ({error})") from None
    check_finite(weights, path)
    return {k: v.to(torch.float32) if v.is_floating_point() else v for k, v in weights.items()}
