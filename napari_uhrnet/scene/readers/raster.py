"""Everything that GDAL reads: JPEG 2000, ERDAS, VRT, odd TIFFs; and PNG, JPEG and their like."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.picture.bands import Bands
from napari_uhrnet.scene.picture.colour import Palette
from napari_uhrnet.scene.picture.picture import Picture
from napari_uhrnet.scene.readers.georeference import bands_of, georeference_of
from napari_uhrnet.scene.readers.image import (
    SMALL_PX,
    DecodedLevel,
    check_png_is_whole,
    decode_jpeg,
)
from napari_uhrnet.scene.readers.limits import check_size
from napari_uhrnet.scene.readers.quiet import quiet, without_logs

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.picture.colour import Recolour
    from napari_uhrnet.scene.picture.level import Level

_ROWS_ONLY = {"PNG", "JPEG", "GIF", "WEBP", "BMP"}


class RasterLevel:
    """One level of a dataset that GDAL has open; a lock lets one thread read at a time."""

    def __init__(self, dataset: Any, has_mask: bool, recolour: Recolour | None) -> None:
        self._dataset, self._has_mask, self._recolour = dataset, has_mask, recolour
        self._lock = threading.Lock()
        count = dataset.count + has_mask
        sample = np.zeros((1, 1, count), np.result_type(*dataset.dtypes))
        shown = sample if recolour is None else recolour(sample)
        self.shape = int(dataset.height), int(dataset.width), int(shown.shape[2])
        self.dtype: np.dtype[Any] = shown.dtype

    @property
    def chunk_yx(self) -> tuple[int, int]:
        """The block of the first band."""
        rows, columns = self._dataset.block_shapes[0]
        return int(rows), int(columns)

    def read(self, window: Window) -> NDArray[Any]:
        """(h, w, bands) pixels; UserError where the file is damaged."""
        from rasterio.windows import Window as RasterWindow

        from napari_uhrnet.scene.readers.gdal import GDAL_ERRORS, gdal_rules

        box = RasterWindow(window.x, window.y, window.width, window.height)
        try:
            with self._lock, without_logs(), gdal_rules():
                planes = self._dataset.read(window=box)
                mask = [self._dataset.dataset_mask(window=box)] if self._has_mask else []
        except GDAL_ERRORS as error:
            raise UserError(
                f"{self._dataset.name}: the pixels around row {window.y}, column {window.x} cannot "
                "be read; the file is damaged, fetch it again."
            ) from error
        pixels = np.moveaxis(np.concatenate([planes, *(m[None] for m in mask)]), 0, 2)
        return pixels if self._recolour is None else self._recolour(pixels)


def open_raster(path: Path, indexed: bool = False) -> Picture:
    """Any picture that GDAL can read; UserError for other files.

    ``indexed`` keeps the values of a palette and gives their colours in ``Picture.palette``.
    """
    from napari_uhrnet.scene.readers.gdal import GDAL_ERRORS, gdal_rules, open_dataset

    with ExitStack() as opened:
        try:
            with quiet(), gdal_rules():
                first = opened.enter_context(open_dataset(path))
                overviews = range(len(first.overviews(1)) if first.count else 0)
                smaller = [
                    opened.enter_context(open_dataset(path, overview_level=k)) for k in overviews
                ]
                if not first.count:
                    raise UserError(f"{path.name}: the file holds no raster; choose another.")
                return _picture(path, [first, *smaller], opened, indexed)
        except GDAL_ERRORS as error:
            raise UserError(
                f"{path.name}: this is not an image that can be read, or it is damaged; "
                "save it as GeoTIFF, TIFF, PNG or JPEG."
            ) from error


def _picture(path: Path, datasets: list[Any], opened: ExitStack, indexed: bool) -> Picture:
    from rasterio.enums import ColorInterp, MaskFlags

    first = datasets[0]
    shape = first.height, first.width, first.count
    check_size(path.name, shape, np.dtype(first.dtypes[0]), first.files)
    flags = first.mask_flag_enums[0]
    has_mask = MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
    bands = bands_of(first, has_mask)
    recolour: Recolour | None = None
    palette: Palette | None = None
    if first.colorinterp[0] == ColorInterp.palette:
        palette, bands = _palette(first, bands)
        has_mask = False
        if indexed:
            bands = Bands.of(1)
        else:
            recolour, palette = palette, None
    levels: list[Level] = [RasterLevel(d, has_mask, recolour) for d in datasets]
    if first.driver == "PNG":
        check_png_is_whole(path)
    large = first.height * first.width > SMALL_PX
    one_strip = first.driver == "GTiff" and first.block_shapes[0] == (1, first.width)
    rows_only = first.driver in _ROWS_ONLY or one_strip
    if rows_only and not large:
        by_pil = partial(decode_jpeg, path) if first.driver == "JPEG" else None
        levels = [DecodedLevel(levels[0], by_pil)]
    place = georeference_of(first)
    close = opened.pop_all().close
    one_pass = rows_only and large
    return Picture(first.driver, tuple(levels), bands, place, close, one_pass, palette=palette)


def _palette(dataset: Any, bands: Bands) -> tuple[Palette, Bands]:
    entries = dataset.colormap(1)
    table = np.zeros((max(entries) + 1, 4), np.uint8)
    for index, colour in entries.items():
        table[index] = colour
    if bands.nodata is not None and 0 <= bands.nodata < len(table):
        table[int(bands.nodata), 3] = 0
    if (table[:, 3] == 255).all():
        return Palette(table[:, :3].copy()), Bands.of(3)
    return Palette(table), Bands.of(4, has_alpha=True)
