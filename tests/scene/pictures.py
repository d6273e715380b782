"""Made pictures for the tests of the scene package."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.scene.base import Scene

REAL = Path(__file__).parents[2] / ".." / "shared" / "data"


def noise(shape: tuple[int, ...], dtype: str = "uint8", seed: int = 0) -> NDArray[Any]:
    """Values over most of the range of the type."""
    random = np.random.default_rng(seed)
    if dtype == "bool":
        return random.random(shape) < 0.5
    if np.dtype(dtype).kind == "f":
        return random.normal(size=shape).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def whole(scene: Scene, level: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """All pixels of a level."""
    return scene.read(Window.of_shape(scene.level_shapes[level]), level)


def write_geotiff(
    path: Path,
    pixels: NDArray[Any],
    crs: str | None = None,
    origin: tuple[float, float] = (500_000.0, 5_000_000.0),
    pixel: float = 0.5,
    **options: Any,
) -> Path:
    """(height, width, bands) through GDAL."""
    height, width, count = pixels.shape
    place = {} if crs is None else {"crs": crs, "transform": from_origin(*origin, pixel, pixel)}
    profile = {"driver": "GTiff", **options, "height": height, "width": width, "count": count}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(path, "w", **profile, dtype=pixels.dtype, **place) as file:
            file.write(np.moveaxis(pixels, 2, 0))
    return path
