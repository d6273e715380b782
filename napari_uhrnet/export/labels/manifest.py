"""``manifest.json``: what an export holds, where it is from, and how it is read back."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.strict_json import read_object
from napari_uhrnet.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.export.labels.merging import Merging
    from napari_uhrnet.export.labels.source import SceneLabels
    from napari_uhrnet.geometry.classes import ClassTable

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 256 * 2**20
"""It has an entry for each frame."""

_PRODUCER = "napari-uhrnet"


def head(format_name: str, merging: Merging) -> dict[str, Any]:
    """What every manifest begins with: format, version, class table, where its classes are from."""
    return {
        "producer": _PRODUCER,
        "version": __version__,
        "format": format_name,
        "classes": merging.target.to_dict(),
        "source_classes": merging.source.to_dict(),
        "mapping": {str(source): target for source, target in merging.ids},
    }


def scene_entry(labels: SceneLabels) -> dict[str, Any]:
    """A scene: its name and fingerprint, where it lies, and the checkpoints of its labels."""
    scene = labels.scene
    return {
        "name": scene.name,
        "id": labels.name,
        "fingerprint": scene.fingerprint,
        "shape_yx": list(scene.shape_yx),
        "crs": scene.crs,
        "transform": None if scene.transform is None else list(scene.transform),
        "checkpoints": list(labels.checkpoints),
    }


def counted(ids: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(256,) pixels of each id."""
    return np.bincount(ids.ravel(), minlength=256).astype(np.int64)


def counts_entry(counts: NDArray[np.int64], classes: ClassTable) -> dict[str, int]:
    """Pixels by class name, zeros included, and those without reviewed labels as "unreviewed"."""
    named = {c.name: int(counts[c.id]) for c in classes.classes}
    return named | {"unreviewed": int(counts[NOTHING])}


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Write ``manifest.json`` into a folder."""
    (folder / MANIFEST).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


class _Entry(BaseModel):
    """What reading needs; what else is there is kept."""

    model_config = ConfigDict(extra="allow", strict=True)


def _inside(name: str | None) -> str | None:
    """A file in the folder of the export, and no other."""
    if name is not None:
        path = PurePosixPath(name)
        if "\0" in name or "\\" in name or ":" in name or path.is_absolute() or ".." in path.parts:
            raise ValueError("is no file in the folder of the export")
    return name


_File = Annotated[str | None, AfterValidator(_inside)]
_Px = Annotated[int, Field(ge=0, le=2**31)]
_Whole = Annotated[list[_Px], Field(min_length=4, max_length=4)]


class _Scene(_Entry):
    name: str
    id: str
    fingerprint: str
    shape_yx: Annotated[list[_Px], Field(min_length=2, max_length=2)]
    file: _File = None


class _Frame(_Entry):
    id: str
    scene: str
    window: _Whole
    image: _File = None
    mask: _File = None
    labels: _File = None
    counts: dict[str, int] = {}


class _Manifest(_Entry):
    format: str
    classes: dict[str, Any]
    scenes: list[_Scene]
    frames: list[_Frame] = []
    file_ids: dict[Annotated[str, Field(pattern=r"^[0-9]{1,3}$")], int] = {}
    unknown: Annotated[int, Field(ge=0, le=NOTHING)] | None = None


def read_manifest(path: Path) -> dict[str, Any]:
    """From the folder of an export; UserError if its manifest is not whole.

    Files that it names lie in the folder, by their names; frames lie in their scenes.
    """
    file = path / MANIFEST
    try:
        content = read_object(file, MAX_MANIFEST_BYTES)
        if content.get("producer") == _PRODUCER:
            _check(_Manifest.model_validate(content), path)
    except ValidationError as error:
        raise UserError(f"{file}: {_first(error)}: export again with this version") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: cannot be read ({error}): export again") from None
    if content.get("producer") != _PRODUCER:
        raise UserError(f"{file}: this is no manifest of an export by {_PRODUCER}: choose another")
    return content


def _check(manifest: _Manifest, folder: Path) -> None:
    """ValueError for frames beyond their scene, and for links that lead out of the folder."""
    shapes = {scene.id: scene.shape_yx for scene in manifest.scenes}
    for frame in manifest.frames:
        y, x, height, width = frame.window
        rows, columns = shapes.get(frame.scene, [0, 0])
        if not height or not width or y + height > rows or x + width > columns:
            raise ValueError(f"frame {frame.id} does not lie in its scene")
    named = [scene.file for scene in manifest.scenes]
    named += [file for frame in manifest.frames for file in (frame.mask, frame.labels)]
    root = folder.resolve()
    for name in named:
        if name is not None and not (folder / name).resolve().is_relative_to(root):
            raise ValueError(f"{name} lies outside of the folder")


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"there is no {first['loc'][-1]!r} in it ({place})"
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"
