"""Smaller levels of large files, built once into the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.blocks import blocks
from napari_uhrnet.resources import cache_root
from napari_uhrnet.scene.picture.level import ArrayLevel, Level
from napari_uhrnet.scene.pyramids.in_memory import COARSEST_PX, halve

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.scene.picture.picture import Picture

_FORMAT = "1"
_CHUNK_PX = 512
_PARTIAL = ".partial"
_BLOCK_BYTES = 32 << 20


def cache_folder() -> Path:
    """Where the pyramids of this user are; it can be deleted at any time."""
    return cache_root() / "pyramids"


def with_cached_levels(
    picture: Picture, path: Path, progress: Callable[[float], None] | None = None
) -> Picture:
    """The picture with smaller levels from the cache folder, which are built where missing.

    Of two processes that want the same pyramid one builds it and the other waits. An exception of
    ``progress`` cancels the work; nothing half-built is used. UserError if it cannot be stored.
    """
    from filelock import FileLock

    target = cache_folder() / _key(picture, path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        with FileLock(target.with_suffix(".lock")):
            if not target.exists():
                _build(picture, target, progress)
    except OSError as error:
        raise UserError(
            f"{path.name}: its smaller levels cannot be stored in {target.parent} "
            f"({error.strerror or error}); make room there, or convert the file to a COG."
        ) from error
    kept = () if picture.rows_only else picture.levels
    return replace(picture, levels=(*kept, *_stored_levels(target)), rows_only=False)


def _sweep(folder: Path) -> None:
    """Delete what processes that were killed while they built a pyramid left behind."""
    from filelock import FileLock, Timeout

    for left in folder.glob(f"*{_PARTIAL}"):
        try:
            with FileLock(left.with_suffix(".lock"), timeout=0):
                shutil.rmtree(left, ignore_errors=True)
        except Timeout:
            continue  # somebody builds it


def _key(picture: Picture, path: Path) -> str:
    """Name of the pyramid: the fingerprint samples pixels, so the file's own date is added."""
    stat = path.stat()
    facts = f"{_FORMAT} {picture.fingerprint} {picture.bands.key} {stat.st_size} {stat.st_mtime_ns}"
    return hashlib.sha256(facts.encode()).hexdigest()[:32]


def _stored_levels(folder: Path) -> list[Level]:
    import zarr

    group = zarr.open_group(folder, mode="r")
    return [ArrayLevel(group[name]) for name in sorted(group.array_keys(), key=int)]


def _build(picture: Picture, target: Path, progress: Callable[[float], None] | None) -> None:
    with closing(build_pyramid(picture, target)) as steps:
        for fraction in steps:
            if progress is not None:
                progress(fraction)


def build_pyramid(picture: Picture, target: Path) -> Generator[float]:
    """Write the levels a picture lacks into a zarr group and yield the fraction done.

    Level 0 is copied first if the file can only be decoded from the top. The folder appears under
    its name when it is complete; closing the generator cancels. Memory is bounded by the block.
    """
    import zarr

    beside = target.with_name(target.name + _PARTIAL)
    shutil.rmtree(beside, ignore_errors=True)
    source = picture.levels[-1]
    total_px = source.shape[0] * source.shape[1] * (4 / 3 + picture.rows_only)
    done_px = 0
    try:
        group = zarr.open_group(beside, mode="w", zarr_format=3)
        number = 0
        while number == 0 or max(source.shape[:2]) > COARSEST_PX:
            shrink = 1 if picture.rows_only and number == 0 else 2
            stored = _create(group, str(number), source, shrink)
            for block in blocks(source.shape[:2], *_block_shape(source)):
                _write(source, block, stored, shrink, picture)
                done_px += block.area_px
                yield min(done_px / total_px, 1.0)
            source, number = ArrayLevel(stored), number + 1
        os.replace(beside, target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _create(group: Any, name: str, source: Level, shrink: int) -> Any:
    height, width, bands = source.shape
    rows = min(_CHUNK_PX, _block_shape(source)[0] // shrink)
    return group.create_array(
        name,
        shape=(-(-height // shrink), -(-width // shrink), bands),
        chunks=(rows, _CHUNK_PX, bands),
        dtype=source.dtype,
    )


def _block_shape(source: Level) -> tuple[int, int]:
    """Height and width of what is read at once: whole rows where the file is stored in rows."""
    _, width, bands = source.shape
    pixel_bytes = bands * source.dtype.itemsize
    columns = width if source.chunk_yx[1] >= width else 4 * _CHUNK_PX
    rows = 4 * _CHUNK_PX
    while rows > 16 and rows * columns * pixel_bytes > _BLOCK_BYTES:
        rows //= 2
    return rows, columns


def _write(source: Level, block: Window, stored: Any, shrink: int, picture: Picture) -> None:
    pixels = source.read(block)
    if shrink == 2:
        pixels = halve(pixels, picture.bands)
    y, x = block.y // shrink, block.x // shrink
    stored[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
