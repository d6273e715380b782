"""Tiles and strips of a TIFF level, decoded one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.readers.quiet import without_logs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from tifffile import TiffFile

    from napari_uhrnet.scene.picture.colour import Recolour

_JPEG = {6, 7, 34892, 33007}


class TiffLevel:
    """One level of a TIFF: one page with all bands, or one page per band."""

    def __init__(
        self,
        file: TiffFile,
        pages: Sequence[Any],
        fill: float = 0,
        recolour: Recolour | None = None,
    ) -> None:
        self._file, self._pages, self._fill, self._recolour = file, pages, fill, recolour
        key = pages[0].keyframe
        self._height, self._width = int(key.imagelength), int(key.imagewidth)
        self._samples = int(key.samplesperpixel)
        self._stored_dtype = np.dtype(key.dtype).newbyteorder("=")
        if key.is_tiled:
            self._tile_yx = int(key.tilelength), int(key.tilewidth)
        else:
            self._tile_yx = min(int(key.rowsperstrip), self._height), self._width
        sample = np.zeros((1, 1, self._samples * len(pages)), self._stored_dtype)
        shown = sample if recolour is None else recolour(sample)
        self.shape = self._height, self._width, int(shown.shape[2])
        self.dtype: np.dtype[Any] = shown.dtype
        self._memory = self._map() if key.is_memmappable and not key.is_tiled else None

    @property
    def chunk_yx(self) -> tuple[int, int]:
        """The stored tile or strip; uncompressed strips can be read anywhere."""
        return self._tile_yx if self._memory is None else (512, 512)

    def read(self, window: Window) -> NDArray[Any]:
        """(h, w, bands) pixels; UserError where the file is damaged."""
        pixels = self._decoded(window) if self._memory is None else self._mapped(window)
        return pixels if self._recolour is None else self._recolour(pixels)

    def _map(self) -> list[NDArray[Any]]:
        """Each page as a memory map (planes, height, width, samples of a plane)."""
        dtype = np.dtype(self._pages[0].keyframe.dtype).newbyteorder("=")
        planar = self._pages[0].keyframe.planarconfig == 2
        planes, samples = (self._samples, 1) if planar else (1, self._samples)
        return [
            np.memmap(
                page.parent.filehandle.path,
                dtype.newbyteorder(page.parent.byteorder),
                "r",
                page.dataoffsets[0],
                (planes, self._height, self._width, samples),
            )
            for page in self._pages
        ]

    def _mapped(self, window: Window) -> NDArray[Any]:
        rows, columns = window.slices
        assert self._memory is not None
        planes = [plane[rows, columns] for page in self._memory for plane in page]
        return np.concatenate(planes, axis=2, dtype=self._stored_dtype)

    def _decoded(self, window: Window) -> NDArray[Any]:
        shape = (*window.shape_yx, self._samples * len(self._pages))
        out = np.full(shape, self._fill, self._stored_dtype)
        for number, page in enumerate(self._pages):
            for index, tile in self._tiles(window, page.keyframe):
                self._paste(out[..., number * self._samples :], window, page, index, tile)
        return out

    def _tiles(self, window: Window, key: Any) -> Iterator[tuple[int, Window]]:
        """Index and place of every stored tile, of every plane, that the window touches."""
        rows, columns = self._tile_yx
        down, across = -(-self._height // rows), -(-self._width // columns)
        planes = self._samples if key.planarconfig == 2 else 1
        for plane in range(planes):
            for ty in range(window.y // rows, -(-window.bottom // rows)):
                for tx in range(window.x // columns, -(-window.right // columns)):
                    place = Window(ty * rows, tx * columns, rows, columns)
                    yield (plane * down + ty) * across + tx, place

    def _paste(
        self, out: NDArray[Any], window: Window, page: Any, index: int, tile: Window
    ) -> None:
        tile = tile.clip((self._height, self._width))
        shared = tile.intersect(window)
        segment, band = self._segment(page, index, tile)
        if segment is None:
            return
        source = segment[shared.relative_to(tile).slices]
        rows, columns = shared.relative_to(window).slices
        out[rows, columns, band : band + source.shape[2]] = source

    def _segment(self, page: Any, index: int, tile: Window) -> tuple[NDArray[Any] | None, int]:
        """(h, w, samples) of a tile, None if it is not stored, and the first of its samples."""
        key = page.keyframe
        try:
            offset, size = page.dataoffsets[index], page.databytecounts[index]
            data = self._bytes(page, offset, size) if size else None
            tables = (
                {"jpegtables": page.jpegtables, "jpegheader": key.jpegheader}
                if key.compression in _JPEG
                else {}
            )
            with without_logs():
                segment, place, _ = key.decode(data, index, **tables)
        except Exception as error:  # codecs raise anything on bytes that they cannot decode
            raise self._damaged(tile) from error
        return None if segment is None else segment[0], place[0]

    def _bytes(self, page: Any, offset: int, size: int) -> bytes:
        handle = page.parent.filehandle
        with handle.lock:
            handle.seek(offset)
            data: bytes = handle.read(size)
        if len(data) < size:
            raise OSError("the file ends before the tile does")
        return data

    def _damaged(self, tile: Window) -> UserError:
        return UserError(
            f"{self._file.filename}: the block at row {tile.y}, column {tile.x} of the "
            f"{self._height} x {self._width} level cannot be decoded; the file is damaged, "
            "fetch it again."
        )
