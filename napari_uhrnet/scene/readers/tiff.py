"""TIFF family by tifffile: tiled, strips, pyramids, BigTIFF, COG, OME-TIFF, SVS."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.picture.bands import Bands
from napari_uhrnet.scene.picture.colour import (
    Palette,
    Recolour,
    bits_to_bytes,
    bits_to_ids,
    brightness,
    palette_of_16_bit,
)
from napari_uhrnet.scene.picture.level import Level, MaskedLevel
from napari_uhrnet.scene.picture.orientation import upright
from napari_uhrnet.scene.picture.picture import Georeference, Picture
from napari_uhrnet.scene.picture.plausible import check_shape
from napari_uhrnet.scene.readers.georeference import bands_of, georeference_of
from napari_uhrnet.scene.readers.quiet import quiet
from napari_uhrnet.scene.readers.tiff_level import TiffLevel
from napari_uhrnet.scene.readers.tiff_size import physical_size_m

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
    try:
        with quiet(), ExitStack() as opened:
            return _picture(path, opened, indexed)
    except (UserError, NotForTifffileError):
        raise
    except Exception as error:  # tifffile raises anything on damaged bytes
        raise NotForTifffileError(str(error)) from error


def _picture(path: Path, opened: ExitStack, indexed: bool) -> Picture:
    import tifffile

    file = opened.enter_context(tifffile.TiffFile(path))
    file.filehandle.set_lock(True)
    series, notes = _main_image(file)
    _open_others(file, series, opened)
    key = series.keyframe
    if 0 in series.shape or key.dtype is None:
        raise NotForTifffileError("it holds no pixels")
    if key.dtype.kind == "c":
        raise UserError(
            f"{path.name}: the values are complex numbers; save their amplitude as a separate file."
        )
    count = key.samplesperpixel * len(series.pages)
    check_shape(path.name, (key.imagelength, key.imagewidth, count))
    bands, place = _known_to_gdal(path, key, count) or (_bands_of_tags(key, count), Georeference())
    recolour, bands = _recolour(key, bands, indexed)
    palette = recolour if indexed and isinstance(recolour, Palette) else None
    if palette is not None:
        recolour, bands = None, Bands.of(1)
    stored = list(series.levels)
    if stored[0] is not series:
        stored = [series]
    for beside in _open_beside(path, ".ovr", opened):
        stored += list(beside.series[0].levels)
    levels = _levels(stored, recolour, bands)
    masks = _mask_levels(path, file, opened, levels[0].shape[:2])
    if place.pixel_size_m is None:
        place = replace(place, pixel_size_m=physical_size_m(file, series))
    picture = Picture("TIFF", levels, bands, place, palette=palette, notes=notes)
    picture = upright(
        _masked(picture, masks) if masks else picture, key.tags.valueof("Orientation", 1)
    )
    return replace(picture, close=opened.pop_all().close)


def _open_others(file: TiffFile, series: TiffPageSeries, opened: ExitStack) -> None:
    """Open the other files of an OME-TIFF in several files, in which pages of the image lie."""
    others = {page.parent for page in series.pages if page is not None} - {file}
    for other in others:
        other.filehandle.open()
        other.filehandle.set_lock(True)
        opened.callback(other.filehandle.close)


def _main_image(file: TiffFile) -> tuple[TiffPageSeries, tuple[str, ...]]:
    """The largest image of the file, the first of equals; and what is said of the others."""
    images = [s for s in file.series if not int(s.keyframe.subfiletype) & _MASK_PAGE]
    found = [level for s in images or file.series for level in s.levels]
    largest = max(found, key=lambda s: int(s.keyframe.imagelength) * int(s.keyframe.imagewidth))
    main = next(s for s in images or file.series if largest in s.levels)
    others = [s for s in images if s is not main]
    if largest is not main.levels[0]:
        others = [main.levels[0], *others]
    if not others:
        return largest, ()
    sizes = ", ".join(f"{s.keyframe.imagewidth} x {s.keyframe.imagelength}" for s in others[:4])
    more = f" and {len(others) - 4} more" if len(others) > 4 else ""
    return largest, (
        f"The largest image of the file is opened; others are left out: {sizes}{more} px.",
    )


def _known_to_gdal(path: Path, key: Any, count: int) -> tuple[Bands, Georeference] | None:
    """Meaning of the bands and georeference, side files included; None where GDAL gives up."""
    from napari_uhrnet.scene.readers.gdal import GDAL_ERRORS, gdal_rules, open_dataset

    try:
        with gdal_rules(), open_dataset(path) as dataset:
            if dataset.shape != (key.imagelength, key.imagewidth):
                return None
            bands = bands_of(dataset) if dataset.count == count else Bands.of(count)
            return bands, georeference_of(dataset)
    except GDAL_ERRORS:
        return None


def _bands_of_tags(key: Any, count: int) -> Bands:
    return Bands.of(count, has_alpha=bool({1, 2} & {int(kind) for kind in key.extrasamples}))


def _recolour(key: Any, bands: Bands, as_ids: bool) -> tuple[Recolour | None, Bands]:
    """How stored values become brightness, and the bands after that."""
    photometric = int(key.photometric)
    if photometric == _PALETTE:
        if key.colormap is None:
            raise NotForTifffileError("a palette without colours")
        table = np.ascontiguousarray(palette_of_16_bit(key.colormap.T))
        palette = Palette.with_nodata(table, bands.nodata)
        return palette, Bands.of(palette.table.shape[1], has_alpha=palette.table.shape[1] == 4)
    if photometric == _YCBCR and int(key.compression) not in _JPEG_LIKE:
        raise NotForTifffileError("YCbCr that is not JPEG")
    if photometric not in {_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR}:
        raise NotForTifffileError(f"photometric interpretation {photometric}")
    if as_ids:
        return bits_to_ids if key.dtype == np.bool_ else None, bands
    grey = brightness(key.dtype, _bits(key), photometric == _WHITE_IS_ZERO)
    if grey is None or bands.nodata is None or not 0 <= bands.nodata < 1 << grey.bits:
        return grey, bands
    return grey, replace(bands, nodata=float(grey(np.array([bands.nodata], key.dtype))[0]))


def _bits(key: Any) -> int:
    bits = key.bitspersample
    return int(bits if isinstance(bits, int) else max(bits))


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
    if key.planarconfig == 2 and key.samplesperpixel > 1 and int(key.compression) in _JPEG_LIKE:
        raise NotForTifffileError("planes of a codec of pictures")
    key.decode(None, 0)
    if not key.is_memmappable and np.prod(key.chunks) * key.dtype.itemsize > _LARGEST_BLOCK_BYTES:
        raise NotForTifffileError("a block does not fit into memory")
    for page in pages:
        offsets, sizes = np.asarray(page.dataoffsets), np.asarray(page.databytecounts)
        wanted = int(np.prod(key.chunked))
        if len(offsets) < wanted or len(sizes) < wanted:
            raise _cut_off(file)
        if (offsets + sizes)[sizes > 0].max(initial=0) > page.parent.filehandle.size:
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
