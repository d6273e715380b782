"""What ``project.json`` may hold: the models that it is checked with when a project is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING, ClassTable
from napari_uhrnet.strict_json import read_object

if TYPE_CHECKING:
    from pathlib import Path

FILE = "project.json"
FORMAT_VERSION = 1
MAX_PX = 2**31


def _nameable(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL is in no name")
    return text


def _sized(view: list[int]) -> list[int]:
    if min(view[2:]) < 0:
        raise ValueError("a view has no negative size")
    return view


_Text = Annotated[str, Field(max_length=4096), AfterValidator(_nameable)]
# It is the name of a folder, too.
_Fingerprint = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,200}$")]
_Side = Annotated[int, Field(ge=1, le=MAX_PX)]
_Px = Annotated[int, Field(ge=-MAX_PX, le=MAX_PX)]
_Id = Annotated[int, Field(ge=0, lt=NOTHING)]


class _Entry(BaseModel):
    """No other value is turned into one of the right kind; what is unknown is left alone."""

    model_config = ConfigDict(extra="ignore", strict=True)


class SceneData(_Entry):
    """A scene; ``view`` is y, x, height, width."""

    fingerprint: _Fingerprint
    path: Annotated[_Text, Field(min_length=1)]
    shape_yx: Annotated[list[_Side], Field(min_length=2, max_length=2)]
    pixel_size_m: Annotated[float, Field(gt=0)] | None
    view: Annotated[list[_Px], Field(min_length=4, max_length=4), AfterValidator(_sized)] | None


class CheckpointData(_Entry):
    """A checkpoint that was used."""

    hash: _Text
    name: _Text


class ProjectData(_Entry):
    """The whole file."""

    format: Annotated[int, Field(ge=1)]
    classes: dict[str, Any]
    scenes: list[SceneData]
    checkpoints: list[CheckpointData]
    model: _Text | None = None
    merged: list[Annotated[list[_Id], Field(min_length=2, max_length=2)]] = []
    retired: list[_Id] = []

    @property
    def table(self) -> ClassTable:
        """The classes; UserError if they are none."""
        return ClassTable.from_dict(self.classes)


def read_project_file(folder: Path) -> ProjectData:
    """The content of a project's file; UserError if it is none, or of a newer version."""
    path = folder / FILE
    try:
        data = read_object(path)
        version = data.get("format")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise UserError(
                f"{folder}: this project was made by a newer napari-uhrnet: update it to open it"
            )
        return _checked(data, path)
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"{folder}: this folder is no project: choose one with a {FILE} in it"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UserError(
            f"{path}: this is not what a project's file holds ({place}: {first['msg']}): restore it"
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from None


def _checked(data: dict[str, Any], path: Path) -> ProjectData:
    checked = ProjectData.model_validate(data)
    try:
        _ = checked.table
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    if len({s.fingerprint for s in checked.scenes}) != len(checked.scenes):
        raise UserError(f"{path}: a scene is in it twice: restore it")
    return checked
