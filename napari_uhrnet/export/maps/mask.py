"""Masks of any size as GeoTIFF, palette PNG or OME-Zarr, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.store.files.beside import check_parent, written_beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.geometry.blocks import Read
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.transform import Transform
    from napari_uhrnet.geometry.window import Window


_TIFF = (".tif", ".tiff")


def write_mask(
    path: Path,
    read: Read,
    shape_yx: tuple[int, int],
    classes: ClassTable,
    *,
    crs: str | None = None,
    transform: Transform | None = None,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write class ids with their colours; the suffix of the path chooses the format.

    ``.tif``: tiled, deflated GeoTIFF with a colour table, nodata 255 and overviews. ``.png``:
    palette PNG, index = class id, 255 transparent. ``.zarr``: OME-Zarr 0.5 label image.

    Parameters
    ----------
    path
        What is there already is replaced when the new one is whole.
    read
        Gives the (h, w) uint8 class ids of a window; 255 is nothing. Memory does not grow with the
        scene.
    shape_yx
        (height, width) of the mask.
    crs, transform
        Of the mask's first pixel: WKT, and (a, b, c, d, e, f) with x = a col + b row + c. A PNG
        has no place for them.
    progress
        Called with the share that is done, 0..1.

    Raises
    ------
    UserError
        The path or the disk cannot be used. Nothing is left behind then.
    """
    check_mask_path(path)
    report = _reporting(read, shape_yx[0] * shape_yx[1], progress)
    with written_beside(path) as beside:
        if path.suffix.lower() in _TIFF:
            from napari_uhrnet.export.maps.geotiff import write_geotiff

            write_geotiff(beside, report, shape_yx, classes, crs, transform)
        elif path.suffix.lower() == ".png":
            from napari_uhrnet.export.maps.palette_png import write_palette_png

            write_palette_png(beside, report, shape_yx, classes)
        else:
            from napari_uhrnet.export.maps.ome_zarr import write_label_image

            write_label_image(beside, report, shape_yx, classes, crs, transform)


def check_mask_path(path: Path) -> None:
    """UserError unless a mask can be written to this path; to be asked before the work is done."""
    suffix = path.suffix.lower()
    if suffix not in (*_TIFF, ".png", ".zarr"):
        raise UserError(f"{path}: a mask is written as .tif, .png or .zarr: choose one of them")
    check_parent(path)
    if suffix == ".zarr":
        if (
            path.exists()
            and not (path / "zarr.json").is_file()
            and not (path / ".zattrs").is_file()
        ):
            raise UserError(f"{path}: there is something that is no zarr: choose another name")
    elif path.is_dir():
        raise UserError(f"{path}: this is a folder: give the name of a file")


def _reporting(read: Read, area_px: int, progress: Callable[[float], None] | None) -> Read:
    if progress is None:
        return read
    done_px = 0

    def read_and_report(window: Window) -> NDArray[np.uint8]:
        nonlocal done_px
        values = read(window)
        done_px += window.area_px
        progress(done_px / area_px)
        return values

    return read_and_report
