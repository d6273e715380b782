"""What is known about a scene, in a form that can be printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uhrnet.scene.readers.georeference import crs_name

if TYPE_CHECKING:
    from napari_uhrnet.scene.base import Scene


def describe(scene: Scene) -> dict[str, Any]:
    """Facts about a scene that JSON can hold; the fingerprint reads a few blocks of level 0.

    Keys: name, path, format, height, width, bands, dtype, levels ([height, width] each, finest
    first), pixel_size_m, crs (a short name), transform (six numbers), fingerprint,
    notes (sentences on what was guessed or left out).
    """
    height, width = scene.shape_yx
    return {
        "name": scene.name,
        "path": None if scene.path is None else str(scene.path),
        "format": scene.picture.format,
        "height": height,
        "width": width,
        "bands": scene.bands,
        "dtype": scene.dtype.name,
        "levels": [list(shape) for shape in scene.level_shapes],
        "pixel_size_m": scene.pixel_size_m,
        "crs": crs_name(scene.crs),
        "transform": None if scene.transform is None else list(scene.transform),
        "fingerprint": scene.fingerprint,
        "notes": list(scene.notes),
    }
