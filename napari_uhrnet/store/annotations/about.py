"""The metadata of a store of corrections: the attributes of its zarr group."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.store.annotations.planes import FILL, PLANES
from napari_uhrnet.store.files.cache import creating_name
from napari_uhrnet.store.files.disk import ZSTD_LEVEL, write_whole
from napari_uhrnet.strict_json import as_object, read_object

if TYPE_CHECKING:
    from pathlib import Path

FORMAT_VERSION = 1
CHUNK_PX = 512
PIXELS = "pixels.zarr"
"""The zarr group in a store's folder; what lies beside it is not pixels."""

_KEY = "napari_uhrnet_annotation"


class _Attributes(BaseModel):
    """The attributes as they are on the disk."""

    model_config = ConfigDict(extra="ignore", strict=True)

    format: Annotated[int, Field(ge=1)]
    shape_yx: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2, max_length=2)]
    classes: dict[str, Any]
    fingerprint: str
    checkpoints: Annotated[list[str], Field(max_length=255)]


@dataclass(frozen=True)
class About:
    """Shape (height, width) in level-0 pixels, classes, the scene's fingerprint, and the hashes
    of the checkpoints that reviewed pixels came from, in the order of their numbers from 1.
    """

    shape_yx: tuple[int, int]
    classes: ClassTable
    fingerprint: str
    checkpoints: tuple[str, ...] = ()

    @property
    def chunk_shape(self) -> tuple[int, int]:
        """(height, width) of the chunks."""
        height, width = (min(CHUNK_PX, n) for n in self.shape_yx)
        return height, width

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Of the store in a folder; UserError if there is none that can be read."""
        try:
            data = _Attributes.model_validate(as_object(_read(folder)["attributes"])[_KEY])
            classes = ClassTable.from_dict(data.classes)
        except (OSError, KeyError, ValueError, UserError):
            raise UserError(
                f"{folder}: there are no corrections that can be read: check the folder"
            ) from None
        if data.format > FORMAT_VERSION:
            raise UserError(
                f"{folder}: these corrections were made by a newer napari-uhrnet: update it"
            )
        height, width = data.shape_yx
        return cls((height, width), classes, data.fingerprint, tuple(data.checkpoints))

    def save(self, folder: Path) -> None:
        """Into a store that exists."""
        whole = _read(folder)
        whole["attributes"] = {_KEY: self._to_dict()}
        write_whole(folder / PIXELS / "zarr.json", json.dumps(whole).encode(), durable=True)

    def with_checkpoint(self, checkpoint: str) -> Self:
        """The same with one more checkpoint."""
        if len(self.checkpoints) == 255:
            raise UserError("these corrections already come from 255 checkpoints: unmark some")
        return replace(self, checkpoints=(*self.checkpoints, checkpoint))

    def create(self, folder: Path) -> None:
        """Put an empty store together beside and give it its name; the folder must be new."""
        import zarr
        from zarr.codecs import ZstdCodec

        beside = creating_name(folder)
        try:
            group = zarr.create_group(beside / PIXELS, attributes={_KEY: self._to_dict()})
            for plane, fill in zip(PLANES, FILL, strict=True):
                group.create_array(
                    plane,
                    shape=self.shape_yx,
                    chunks=self.chunk_shape,
                    dtype="uint8",
                    fill_value=fill,
                    compressors=ZstdCodec(level=ZSTD_LEVEL),
                    dimension_names=("y", "x"),
                )
            beside.rename(folder)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise

    def _to_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT_VERSION,
            "shape_yx": list(self.shape_yx),
            "classes": self.classes.to_dict(),
            "fingerprint": self.fingerprint,
            "checkpoints": list(self.checkpoints),
        }


def _read(folder: Path) -> dict[str, Any]:
    return read_object(folder / PIXELS / "zarr.json")
