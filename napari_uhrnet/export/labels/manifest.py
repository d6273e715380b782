"""``manifest.json``: what an export holds, where it is from, and how it is read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.export.labels.merging import Merging
    from napari_uhrnet.export.labels.source import SceneLabels
    from napari_uhrnet.geometry.classes import ClassTable

MANIFEST = "manifest.json"
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


def read_manifest(path: Path) -> dict[str, Any]:
    """From the folder of an export; UserError if its manifest is not whole."""
    file = path / MANIFEST
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: cannot be read ({error}): export again") from None
    if not isinstance(content, dict) or content.get("producer") != _PRODUCER:
        raise UserError(f"{file}: this is no manifest of an export by {_PRODUCER}: choose another")
    return content
