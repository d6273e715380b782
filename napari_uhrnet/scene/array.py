"""Arrays, such as the data of a layer in the viewer, as a scene."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.base import Scene, checked_pixel_size
from napari_uhrnet.scene.picture.bands import Bands
from napari_uhrnet.scene.picture.colour import bits_to_bytes
from napari_uhrnet.scene.picture.level import ArrayLevel
from napari_uhrnet.scene.picture.picture import Georeference, Picture
from napari_uhrnet.scene.pyramids.in_memory import with_lazy_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_uhrnet.geometry.transform import Transform


def array_scene(
    levels: Sequence[Any],
    name: str,
    pixel_size_m: float | None = None,
    crs: str | None = None,
    transform: Transform | None = None,
) -> Scene:
    """Numpy, dask or zarr arrays (height, width) or (height, width, bands), finest first.

    The fourth of four bands is alpha, as in the viewer. Arrays are neither copied nor loaded.
    Levels are added lazily until the last one is small. Raises UserError for arrays that are no
    picture and for an impossible pixel size.
    """
    for array in levels:
        if array.ndim not in (2, 3) or 0 in array.shape or np.dtype(array.dtype).kind not in "buif":
            raise UserError(
                f"{name}: a scene is a picture of height x width or height x width x bands, "
                f"not an array of shape {tuple(array.shape)} and type {array.dtype}."
            )
    stored = tuple(ArrayLevel(a, bits_to_bytes if a.dtype == bool else None) for a in levels)
    count = stored[0].shape[2]
    size_m = None if pixel_size_m is None else checked_pixel_size(name, pixel_size_m)
    picture = Picture(
        "array",
        stored,
        Bands.of(count, has_alpha=count == 4),
        Georeference(crs, transform, size_m),
    )
    return Scene(with_lazy_levels(picture), name, None, size_m)
