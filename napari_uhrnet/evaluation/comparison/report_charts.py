"""Charts of the report: where everything lies in them. ``charts.svg`` turns them into SVG.

All lengths are in pixels of the chart; x goes right, y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

import numpy as np

from napari_uhrnet.evaluation.comparison.report_numbers import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FONT_PX = 13
_CHARACTER, _WIDE_CHARACTER = 0.6, 1.05
"""Widths in font sizes. Fonts differ, so these are generous: a name must not be cut off."""
_LONGEST_NAME = 24
_GAP = 8

_BAR, _ROW, _BARS_WIDTH, _BARS_TOP = 14, 40, 300, 30
_CELL, _AXIS = 46, 22
_SLANT = 0.75
"""How far a name goes up and right for its length: it is turned by 45 degrees, and has a height."""
_STRONG_FROM = 0.72
"""Share from which on a cell's number is written in the other colour, for contrast."""


@dataclass(frozen=True)
class Text:
    """What is written at (x, y); ``whole`` is what it was before it was made short."""

    x: float
    y: float
    shown: str
    whole: str


@dataclass(frozen=True)
class Bar:
    """One bar of a result ("a" or "b") with its amount written at its end."""

    result: str
    y: float
    width: float
    amount: str


@dataclass(frozen=True)
class Bars:
    """Two bars for each class, starting at ``left``."""

    width: float
    height: float
    left: float
    bar_px: int
    names: list[Text]
    bars: list[Bar]


@dataclass(frozen=True)
class Cell:
    """A cell of a matrix: its upper left corner, the share of its row in 0..1, what it says."""

    x: float
    y: float
    share: float
    shown: str
    strong: bool


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix, each row in shares of its sum; cells without a pixel are left out."""

    width: float
    height: float
    left: float
    top: float
    side: float
    cell_px: int
    rows: list[Text]
    columns: list[Text]
    cells: list[Cell]


def area_bars(
    a: Sequence[float], b: Sequence[float], names: Sequence[str], amounts: Sequence[tuple[str, str]]
) -> Bars:
    """How much of the area A and B give to each class; ``amounts`` are the same, to be written."""
    left = max(map(_width_px, names)) + _GAP
    largest = max([*a, *b, 0.0]) or 1.0
    tall, texts, bars = _BARS_TOP, [], []
    for name, values, written in zip(names, zip(a, b, strict=True), amounts, strict=True):
        texts.append(_name(left - _GAP, tall + _ROW / 2, name))
        for k, result in enumerate("ab"):
            y = tall + _ROW / 2 + (k - 1) * _BAR
            bars.append(Bar(result, y, values[k] / largest * _BARS_WIDTH, written[k]))
        tall += _ROW
    widest = max(_width_px(text) for pair in amounts for text in pair)
    return Bars(left + _BARS_WIDTH + 2 * _GAP + widest, tall, left, _BAR, texts, bars)


def confusion_matrix(counts: NDArray[np.int64], names: Sequence[str]) -> Matrix:
    """(N, N) counts of pixels; columns have their names above, slanted."""
    longest = max(map(_width_px, names))
    left, top = _AXIS + longest + _GAP, _AXIS + longest * _SLANT + 2 * _GAP
    side = _CELL * len(names)
    middle = [(k + 0.5) * _CELL for k in range(len(names))]
    rows = [_name(left - _GAP, top + m, name) for m, name in zip(middle, names, strict=True)]
    columns = [_name(left + m, top - _GAP, name) for m, name in zip(middle, names, strict=True)]
    ends = [c.x + _width_px(c.whole) * _SLANT for c in columns]
    cells = _cells(counts, left, top)
    width = max(left + side, *ends) + _GAP
    return Matrix(width, top + side + 2, left, top, side, _CELL, rows, columns, cells)


def _cells(counts: NDArray[np.int64], left: float, top: float) -> list[Cell]:
    total = counts.sum(axis=1)
    cells = []
    for row, column in np.argwhere(counts):
        share = float(counts[row, column] / total[row])
        x, y = left + column * _CELL, top + row * _CELL
        strong = share >= _STRONG_FROM
        cells.append(Cell(float(x), float(y), share, percent(share, 0), strong))
    return cells


def _name(x: float, y: float, name: str) -> Text:
    return Text(x, y, _short(name), name)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _width_px(name: str) -> float:
    wide = sum(east_asian_width(c) in "WF" for c in _short(name))
    narrow = len(_short(name)) - wide
    return FONT_PX * (wide * _WIDE_CHARACTER + narrow * _CHARACTER)
