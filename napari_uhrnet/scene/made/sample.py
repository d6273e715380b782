"""Write the sample scene: ``python -m napari_uhrnet.scene.made.sample FOLDER``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.resources import resource_path
from napari_uhrnet.scene.made.compose import make_scene

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_SEED = 65
_SIZE_PX = 2448
_PIXEL_SIZE_M = 0.5
_CRS = "EPSG:32633"
_UPPER_LEFT_M = (412_000.0, 5_318_000.0)  # easting, northing
_JPEG_QUALITY = 82

_NOTICE = f"""# Sample scene

`landcover.tif` shows land that does not exist. It and its exact ground truth, `landcover_mask.tif`,
were drawn by `python -m napari_uhrnet.scene.made.sample` (seed {SAMPLE_SEED},
{_SIZE_PX} x {_SIZE_PX} pixels of {_PIXEL_SIZE_M} m). No pixel comes from a photograph, and the
place in {_CRS} is invented.

The mask holds the DeepGlobe class ids: 1 urban, 2 agriculture, 3 rangeland, 4 forest, 5 water,
6 barren.

Both files are part of napari-uhrnet and under its licence, BSD-3-Clause.
"""


def write_sample(folder: Path) -> None:
    """Write ``landcover.tif`` (RGB), ``landcover_mask.tif`` (uint8 ids) and ``NOTICE.md``."""
    folder.mkdir(parents=True, exist_ok=True)
    scene = make_scene(SAMPLE_SEED, _SIZE_PX, _PIXEL_SIZE_M)
    picture = {"compress": "JPEG", "quality": _JPEG_QUALITY, "overview_resampling": "average"}
    truth = {"compress": "DEFLATE", "level": 9, "overview_resampling": "nearest"}
    _write_cog(folder / "landcover.tif", scene.image, picture)
    _write_cog(folder / "landcover_mask.tif", scene.labels[..., None], truth, _colours())
    notice = folder / "NOTICE.md.part"
    notice.write_text(_NOTICE, encoding="utf-8")
    os.replace(notice, folder / "NOTICE.md")


def _colours() -> dict[int, tuple[int, int, int, int]]:
    classes = ClassTable.from_file(resource_path("palettes", "deepglobe.json"))
    return {c.id: (*c.rgb, 255) for c in classes.classes}


def _write_cog(
    path: Path,
    pixels: NDArray[np.uint8],
    options: dict[str, Any],
    colours: dict[int, tuple[int, int, int, int]] | None = None,
) -> None:
    """Write (H, W, C) uint8 as a tiled GeoTIFF with internal overviews, beside, then rename."""
    from rasterio import shutil
    from rasterio.io import MemoryFile
    from rasterio.transform import from_origin

    height, width, bands = pixels.shape
    transform = from_origin(*_UPPER_LEFT_M, _PIXEL_SIZE_M, _PIXEL_SIZE_M)
    part = path.with_suffix(".part.tif")
    with (
        MemoryFile() as memory,
        memory.open(
            driver="GTiff", height=height, width=width, count=bands, dtype="uint8",
            crs=_CRS, transform=transform,
        ) as dataset,
    ):  # fmt: skip
        dataset.write(pixels.transpose(2, 0, 1))
        if colours:
            dataset.write_colormap(1, colours)
        shutil.copy(dataset, part, driver="COG", blocksize=512, **options)
    os.replace(part, path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("usage: python -m napari_uhrnet.scene.made.sample FOLDER", file=sys.stderr)
        sys.exit(2)
    write_sample(Path(sys.argv[1]))
