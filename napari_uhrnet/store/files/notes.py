"""Notes of what is being written, as a process that died leaves them behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uhrnet.strict_json import BadJson, read_json

if TYPE_CHECKING:
    from pathlib import Path


def noted_cells(path: Path, grid_yx: tuple[int, int]) -> list[tuple[int, int]]:
    """The cells (i, j) of a grid that a note names.

    Raises
    ------
    FileNotFoundError
        There is no note.
    BadJson
        It is empty, torn or damaged, or names cells outside of the grid.
    """
    cells = read_json(path)
    if not isinstance(cells, list) or not all(_is_cell(cell, grid_yx) for cell in cells):
        raise BadJson("it does not name cells of this store")
    return [(i, j) for i, j in cells]


def _is_cell(cell: Any, grid_yx: tuple[int, int]) -> bool:
    if not isinstance(cell, list) or len(cell) != 2:
        return False
    return all(type(k) is int and 0 <= k < n for k, n in zip(cell, grid_yx, strict=True))
