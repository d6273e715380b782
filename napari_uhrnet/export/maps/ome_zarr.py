"""Masks as OME-Zarr label images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uhrnet.geometry.blocks import Read
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.transform import Transform

_CHUNK_PX = 1024
UNLABELLED = "unlabelled"
"""Name of the value of pixels without a class."""


def write_label_image(
    path: Path,
    read: Read,
    shape_yx: tuple[int, int],
    classes: ClassTable,
    crs: str | None,
    transform: Transform | None,
) -> None:
    """A new OME-Zarr 0.5 multiscale of class ids; level k takes every 2^k-th pixel.

    ``crs`` and ``transform``, for which OME-Zarr has no place, are kept as attributes.
    """
    import zarr

    steps = _steps(shape_yx)
    attributes: dict[str, Any] = {"ome": _metadata(path.stem, steps, classes)}
    if transform is not None:
        attributes["georeference"] = {"crs": crs, "transform": list(transform)}
    group = zarr.create_group(path, attributes=attributes)
    levels = [
        group.create_array(
            str(level),
            shape=tuple(-(-n // step) for n in shape_yx),
            chunks=tuple(min(_CHUNK_PX, -(-n // step)) for n in shape_yx),
            dtype="uint8",
            fill_value=NOTHING,
            dimension_names=("y", "x"),
        )
        for level, step in enumerate(steps)
    ]
    # One chunk at a time: when one of several fails, zarr lets the others run on in the background,
    # and they would write again after the folder was removed.
    for window in blocks(shape_yx, _CHUNK_PX):
        ids = read(window)
        for array, step in zip(levels, steps, strict=True):
            top, left = -(-window.y // step), -(-window.x // step)
            part = ids[top * step - window.y :: step, left * step - window.x :: step]
            if part.size:
                array[top : top + part.shape[0], left : left + part.shape[1]] = part


def _steps(shape_yx: tuple[int, int]) -> list[int]:
    steps = [1]
    while max(shape_yx) > _CHUNK_PX * steps[-1]:
        steps.append(steps[-1] * 2)
    return steps


def _metadata(name: str, steps: list[int], classes: ClassTable) -> dict[str, Any]:
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [{"type": "scale", "scale": [float(step), float(step)]}],
        }
        for level, step in enumerate(steps)
    ]
    axes = [{"name": axis, "type": "space"} for axis in "yx"]
    return {
        "version": "0.5",
        "multiscales": [{"name": name, "axes": axes, "datasets": datasets}],
        "image-label": {
            "colors": [{"label-value": c.id, "rgba": [*c.rgb, 255]} for c in classes.classes]
            + [{"label-value": NOTHING, "rgba": [0, 0, 0, 0]}],
            # Colours and properties have to name the same values.
            "properties": [{"label-value": c.id, "name": c.name} for c in classes.classes]
            + [{"label-value": NOTHING, "name": UNLABELLED}],
        },
    }
