"""Sizes that a header may declare, compared with what is stored."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.picture.plausible import check_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy as np

LARGEST_CHUNK_BYTES = 1 << 28
"""A block that has to be decoded at once is refused beyond this."""
_MOST_PX = 10**12
_ALWAYS_BYTES = 1 << 26
_MOST_PER_STORED_BYTE = 100_000
"""No codec shrinks pictures further: Zstandard's best is 32 000, an empty tile takes 16 bytes."""


def check_size(
    name: str, shape: tuple[int, int, int], dtype: np.dtype[Any], files: Iterable[Path | str]
) -> None:
    """UserError where a picture (height, width, bands) is empty or far larger than its files.

    Of the sizes of ``files`` only as many are asked for as needed.
    """
    check_shape(name, shape)
    height, width, bands = shape
    wanted = height * width * bands * dtype.itemsize
    if height * width <= _MOST_PX and (
        wanted <= _ALWAYS_BYTES or _stored(files, wanted // _MOST_PER_STORED_BYTE)
    ):
        return
    raise UserError(
        f"{name}: the file declares {width} x {height} px, far more than it stores; it is damaged "
        "or no real picture."
    )


def check_chunk(name: str, shape: Iterable[int], dtype: np.dtype[Any]) -> None:
    """UserError where one chunk would not fit into memory."""
    chunk = math.prod(map(int, shape)) * dtype.itemsize
    if chunk > LARGEST_CHUNK_BYTES:
        raise UserError(
            f"{name}: one chunk holds {chunk / 2**20:.0f} MiB; save it with chunks of at most "
            f"{LARGEST_CHUNK_BYTES >> 20} MiB."
        )


def files_below(folder: Path) -> Iterator[str]:
    """All files in and below a folder, one at a time; links to folders are not followed."""
    for at, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(at, name)


def _stored(files: Iterable[Path | str], enough: int) -> bool:
    total = 0
    for file in files:
        try:
            total += os.stat(file).st_size
        except OSError:
            continue
        if total >= enough:
            return True
    return False
