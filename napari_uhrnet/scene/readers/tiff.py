"""TIFF family by tifffile: tiled, strips, pyramids, BigTIFF, COG, OME-TIFF, SVS."""

from __future__ import annotations

import re
import struct
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.picture.bands import Bands
from napari_uhrnet.scene.picture.colour import Palette, Recolour, bits_to_bytes, inverted
from napari_uhrnet.scene.picture.level import Level, MaskedLevel
from napari_uhrnet.scene.picture.picture import Georeference, Picture
from napari_uhrnet.scene.readers.georeference import bands_of, georeference_of
from napari_uhrnet.scene.readers.quiet import quiet
from napari_uhrnet.scene.readers.tiff_level import TiffLevel
from napari_uhrnet.scene.readers.units import metres_per

if TYPE_CHECKING:
    from pathlib import Path

    from tifffile import TiffFile, TiffPageSeries

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_JPEG_LIKE = {6, 7, 34892, 33003, 33005, 34712, 50001}
_MASK_PAGE = 4
_LARGEST_BLOCK_BYTES = 1 << 28


class NotForTifffileError(Exception):
    """The file may be a valid TIFF, but of a kind that tifffile does not decode."""


def open_tiff(path: Path, indexed: bool = False) -> Picture:
    """A TIFF as a picture; UserError if it is cut off, NotForTifffileError if GDAL should try.

    ``indexed`` keeps the values of a palette and gives their colours in ``Picture.palette``.
    """
    import tifffile

    try:
        with quiet(), ExitStack() as opened:
            return _picture(path, opened, indexed)
    except (tifffile.TiffFileError, ValueError, IndexError, KeyError, struct.error) as error:
        raise NotForTifffileError(str(error)) from error


def _picture(path: Path, opened: ExitStack, indexed: bool) -> Picture:
    import tifffile

    file = opened.enter_context(tifffile.TiffFile(path))
    file.filehandle.set_lock(True)
    series = file.series[0]
    key = series.keyframe
    if 0 in series.shape or key.dtype is None:
        raise NotForTifffileError("it holds no pixels")
    count = key.samplesperpixel * len(series.pages)
    bands, place = _known_to_gdal(path, count) or (_bands_of_tags(key, count), Georeference())
    recolour, bands = _recolour(key, bands)
    palette = recolour if indexed and isinstance(recolour, Palette) else None
    if palette is not None:
        recolour, bands = None, Bands.of(1)
    stored = list(series.levels)
    for beside in _open_beside(path, ".ovr", opened):
        stored += list(beside.series[0].levels)
    levels = _levels(stored, recolour, bands)
    masks = _mask_levels(path, file, opened, levels[0].shape[:2])
    place = _with_physical_size(place, file)
    picture = Picture("TIFF", levels, bands, place, opened.pop_all().close, palette=palette)
    return _masked(picture, masks) if masks else picture


def _known_to_gdal(path: Path, count: int) -> tuple[Bands, Georeference] | None:
    """Meaning of the bands and georeference, side files included; None where GDAL gives up."""
    from napari_uhrnet.scene.readers.gdal import GDAL_ERRORS, gdal_rules, open_dataset

    try:
        with gdal_rules(), open_dataset(path) as dataset:
            bands = bands_of(dataset) if dataset.count == count else Bands.of(count)
            return bands, georeference_of(dataset)
    except GDAL_ERRORS:
        return None


def _bands_of_tags(key: Any, count: int) -> Bands:
    return Bands.of(count, has_alpha=bool({1, 2} & {int(kind) for kind in key.extrasamples}))


def _recolour(key: Any, bands: Bands) -> tuple[Recolour | None, Bands]:
    """How stored values become brightness, and the bands after that."""
    photometric = int(key.photometric)
    if photometric == _PALETTE:
        table = np.ascontiguousarray(key.colormap.T >> 8).astype(np.uint8)
        palette = Palette.with_nodata(table, bands.nodata)
        return palette, Bands.of(palette.table.shape[1], has_alpha=palette.table.shape[1] == 4)
    if photometric == _YCBCR and int(key.compression) not in _JPEG_LIKE:
        raise NotForTifffileError("YCbCr that is not JPEG")
    if photometric not in {_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR}:
        raise NotForTifffileError(f"photometric interpretation {photometric}")
    if key.dtype == np.bool_:
        return bits_to_bytes, bands
    if photometric == _WHITE_IS_ZERO and key.dtype.kind == "u":
        return inverted, bands
    return None, bands


def _levels(
    stored: list[TiffPageSeries], recolour: Recolour | None, bands: Bands
) -> tuple[Level, ...]:
    levels: list[Level] = []
    for series in stored:
        pages = _pages(series)
        level = TiffLevel(series.parent, pages, _fill(series.keyframe, bands), recolour)
        if levels and not _follows(level, levels[-1]):
            break
        levels.append(level)
    return tuple(levels)


def _fill(key: Any, bands: Bands) -> float:
    """What tiles hold that are not stored: "no data" if the type has such a value."""
    if bands.nodata is None or key.dtype.kind not in "uif":
        return 0
    if key.dtype.kind == "f":
        return bands.nodata
    limits = np.iinfo(key.dtype)
    return bands.nodata if limits.min <= bands.nodata <= limits.max else 0


def _follows(level: Level, finer: Level) -> bool:
    """Whether a level is a smaller copy of the one before, of the same kind."""
    shrink = [a / b for a, b in zip(finer.shape[:2], level.shape[:2], strict=True)]
    alike = level.shape[2] == finer.shape[2] and level.dtype == finer.dtype
    slack = 1 + 2 / min(level.shape[:2])
    return alike and min(shrink) >= 1 < max(shrink) and max(shrink) <= min(shrink) * slack


def _pages(series: TiffPageSeries) -> list[Any]:
    """The pages of a single picture: one, or one per channel."""
    key = series.keyframe
    pages = list(series.pages)
    if any(page is None for page in pages):
        raise NotForTifffileError("a page is missing")
    stack = [
        f"{size} {axis}"
        for axis, size in zip(series.axes, series.shape, strict=True)
        if axis not in "CSYX" and size > 1
    ]
    if stack or len(pages) * key.samplesperpixel * key.imagelength * key.imagewidth != series.size:
        raise UserError(
            f"{series.parent.filename}: the file is a stack of pictures (axes {series.axes}, shape "
            f"{series.shape}); save the one to segment as a separate file."
        )
    _check_segments(series.parent, key, pages)
    return pages


def _check_segments(file: TiffFile, key: Any, pages: list[Any]) -> None:
    """Check that the codec is installed and that no tile lies beyond the end of the file."""
    key.decode(None, 0)
    if not key.is_memmappable and np.prod(key.chunks) * key.dtype.itemsize > _LARGEST_BLOCK_BYTES:
        raise NotForTifffileError("a block does not fit into memory")
    for page in pages:
        offsets, sizes = np.asarray(page.dataoffsets), np.asarray(page.databytecounts)
        wanted = int(np.prod(key.chunked))
        if len(offsets) < wanted or len(sizes) < wanted:
            raise _cut_off(file)
        if (offsets + sizes)[sizes > 0].max(initial=0) > file.filehandle.size:
            raise _cut_off(file)


def _cut_off(file: TiffFile) -> UserError:
    return UserError(
        f"{file.filename}: the file is cut off, some of its pixels are missing; fetch it again."
    )


def _open_beside(path: Path, suffix: str, opened: ExitStack) -> list[TiffFile]:
    import tifffile

    beside = path.with_name(path.name + suffix)
    if not beside.is_file():
        return []
    file = opened.enter_context(tifffile.TiffFile(beside))
    file.filehandle.set_lock(True)
    return [file]


def _mask_levels(
    path: Path, file: TiffFile, opened: ExitStack, shape_yx: tuple[int, int]
) -> dict[tuple[int, int], Level]:
    """Levels of the mask inside of the file, or in the .msk beside it, by (height, width)."""
    series = [s for s in file.series[1:] if int(s.keyframe.subfiletype) & _MASK_PAGE]
    for beside in _open_beside(path, ".msk", opened):
        series += beside.series[:1]
    levels: list[Level] = [
        TiffLevel(level.parent, _pages(level), 0, bits_to_bytes if level.dtype == bool else None)
        for s in series
        for level in s.levels
    ]
    found = {level.shape[:2]: level for level in levels}
    return found if shape_yx in found else {}


def _masked(picture: Picture, masks: dict[tuple[int, int], Level]) -> Picture:
    """The picture with the mask as its alpha band, down to the last level that has one."""
    levels: list[Level] = []
    for level in picture.levels:
        if level.shape[:2] not in masks:
            break
        levels.append(MaskedLevel(level, masks[level.shape[:2]]))
    bands = replace(picture.bands, alpha=picture.levels[0].shape[2])
    return replace(picture, levels=tuple(levels), bands=bands)


def _with_physical_size(place: Georeference, file: TiffFile) -> Georeference:
    """Pixel sizes that microscopes and slide scanners write, for files without georeference."""
    if place.pixel_size_m is not None:
        return place
    description = file.pages[0].description or ""
    if file.is_svs:
        found = re.search(r"MPP\s*=\s*([0-9.]+)", description)
        return replace(place, pixel_size_m=float(found[1]) * 1e-6 if found else None)
    if file.is_ome and file.ome_metadata:
        return replace(place, pixel_size_m=_ome_pixel_size_m(file.ome_metadata))
    return place


def _ome_pixel_size_m(xml: str) -> float | None:
    for element in ElementTree.fromstring(xml).iter():
        size = element.get("PhysicalSizeX")
        if size is not None:
            unit_m = metres_per(element.get("PhysicalSizeXUnit", "µm"))
            return None if unit_m is None else float(size) * unit_m
    return None
