"""From a path to a scene."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.base import Scene, checked_pixel_size
from napari_uhrnet.scene.picture.plausible import plausible_size_m
from napari_uhrnet.scene.pyramids.in_memory import COARSEST_PX, with_lazy_levels
from napari_uhrnet.scene.readers.image import SMALL_PX
from napari_uhrnet.scene.readers.limits import check_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uhrnet.scene.picture.picture import Picture

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ZARR_FILES = ("zarr.json", ".zattrs", ".zgroup", ".zarray")


def open_scene(
    path: str | Path,
    pixel_size_m: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Scene:
    """Open an image file or an OME-Zarr folder as a scene, without reading its pixels.

    ``pixel_size_m`` (metres per pixel of level 0) overrides the file's own. A large file
    without smaller levels, or one that can only be decoded from the top, gets them built once into
    the user's cache folder, which takes a pass over the file: ``progress`` is called with the
    fraction done, and an exception that it raises cancels the work and leaves nothing behind.
    Raises UserError for a path, a file or a pixel size that cannot be used.
    """
    path = Path(path)
    if pixel_size_m is not None:
        pixel_size_m = checked_pixel_size(path.name, pixel_size_m)
    picture = _read(path)
    with ExitStack() as unfinished:
        unfinished.callback(picture.close)
        complete = _complete(_plausible(picture), path, progress)
        unfinished.pop_all()
    size_m = complete.georeference.pixel_size_m if pixel_size_m is None else pixel_size_m
    return Scene(complete, path.name, path, size_m)


def _plausible(picture: Picture) -> Picture:
    """The picture, without a pixel size that no picture has: it then counts as unknown."""
    place = picture.georeference
    size_m = place.pixel_size_m
    if size_m is None or plausible_size_m(size_m) is not None:
        return picture
    note = f"Its pixel size of {size_m:g} m is not possible: it counts as unknown."
    place = replace(place, pixel_size_m=None, notes=(*place.notes, note))
    return replace(picture, georeference=place)


def open_stored(path: Path) -> Picture:
    """A file's level 0 as it is stored: values of a palette come as indices, no level is built.

    For masks, whose values are names and not brightness. The caller closes the picture. Raises
    UserError for a path or a file that cannot be used.
    """
    return _read(path, indexed=True)


def fingerprint_of(path: Path) -> str:
    """Fingerprint of the scene in a file or folder, without making smaller levels of it.

    Raises UserError for what cannot be opened.
    """
    picture = _read(path)
    try:
        return picture.fingerprint
    finally:
        picture.close()


def _read(path: Path, indexed: bool = False) -> Picture:
    if not path.exists():
        raise UserError(f"{path}: there is no such file.")
    if path.is_dir():
        return _read_folder(path)
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise UserError(f"{path}: the file cannot be opened ({error.strerror}).") from error
    if not start:
        raise UserError(f"{path}: the file is empty; fetch it again.")
    if start in _TIFF_STARTS:
        from napari_uhrnet.scene.readers.tiff import NotForTifffileError, open_tiff

        try:
            picture = open_tiff(path, indexed)
            level = picture.levels[0]
            try:
                check_size(path.name, level.shape, level.dtype, [path])
            except UserError:
                picture.close()
                raise
            return picture
        except NotForTifffileError:
            pass
    from napari_uhrnet.scene.readers.raster import open_raster

    return open_raster(path, indexed)


def _read_folder(path: Path) -> Picture:
    if not any((path / name).is_file() for name in _ZARR_FILES):
        raise UserError(f"{path}: this is a folder; choose an image file or an OME-Zarr folder.")
    from napari_uhrnet.scene.readers.ngff import open_ngff

    return open_ngff(path)


def _complete(picture: Picture, path: Path, progress: Callable[[float], None] | None) -> Picture:
    height, width, _ = picture.levels[-1].shape
    if picture.rows_only or (max(height, width) > COARSEST_PX and height * width > SMALL_PX):
        from napari_uhrnet.scene.pyramids.cached import with_cached_levels

        picture = with_cached_levels(picture, path, progress)
    return with_lazy_levels(picture)
