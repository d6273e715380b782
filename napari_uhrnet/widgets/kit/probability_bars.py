"""Probabilities of the classes as bars, side by side for each branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QWidget

    from napari_uhrnet.engine.inspect.point import Reading

COLOURS = {"global": "#56b4e9", "local": "#e69f00", "fused": "#009e73"}
"""Distinct for all kinds of colour vision (Okabe and Ito)."""
BAR_PX, GAP_PX, AXIS_PX = 7, 7, 24
LETTERS = 18
RANGE = 1.26
"""Bars end at 1; the rest of the axis is for the numbers behind them."""


class ProbabilityBars(pg.PlotWidget):
    """A group of bars for each class, one bar for each branch."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.setObjectName(name)
        # Otherwise the background of the last theme stays.
        self.setStyleSheet("background: transparent")
        self._items: list[pg.GraphicsObject] = []
        plot = self.getPlotItem()
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(False, False)
        plot.invertY(True)
        plot.getAxis("left").setStyle(tickLength=0)
        plot.getAxis("left").setPen(None)
        plot.getAxis("bottom").setTicks([[(k / 2, f"{k / 2:g}") for k in range(3)]])
        plot.showGrid(x=True, alpha=0.25)

    def set_ink(self, colour: str) -> None:
        """Write the names of the classes in a colour such as "#d1d2d4"."""
        for side in ("left", "bottom"):
            self.getPlotItem().getAxis(side).setTextPen(colour)

    def show_reading(self, reading: Reading, channels: Sequence[int]) -> None:
        """Show the probabilities of these channels, from top to bottom."""
        branches = [name for name in COLOURS if name in reading.branches]
        plot = self.getPlotItem()
        for item in self._items:
            plot.removeItem(item)
        self._items = [
            self._bars(reading, name, k, len(branches), channels) for k, name in enumerate(branches)
        ]
        self._items += self._numbers(reading, channels)
        for item in self._items:
            plot.addItem(item)
        names = list(reading.classes.names.values())
        ticks = [(row, _short(names[channel])) for row, channel in enumerate(channels)]
        plot.getAxis("left").setTicks([ticks])
        plot.setRange(xRange=(0, RANGE), yRange=(-0.5, len(channels) - 0.5), padding=0)
        self.setFixedHeight(len(channels) * (len(branches) * BAR_PX + GAP_PX) + AXIS_PX)

    def _bars(
        self, reading: Reading, name: str, k: int, count: int, channels: Sequence[int]
    ) -> pg.BarGraphItem:
        share = GAP_PX / (count * BAR_PX + GAP_PX)
        height = (1 - share) / count
        return pg.BarGraphItem(
            x0=0,
            width=[float(v) for v in reading.branches[name].probabilities[list(channels)]],
            y=[row - 0.5 + share / 2 + (k + 0.5) * height for row in range(len(channels))],
            height=height,
            brush=COLOURS[name],
            pen=None,
        )

    def _numbers(self, reading: Reading, channels: Sequence[int]) -> list[pg.TextItem]:
        """The fused probability of each class that rounds to more than 0, behind its bars."""
        texts = []
        for row, channel in enumerate(channels):
            longest = max(float(b.probabilities[channel]) for b in reading.branches.values())
            value = float(reading.branches["fused"].probabilities[channel])
            if value >= 0.005:
                text = pg.TextItem(f"{value:.2f}", color=COLOURS["fused"], anchor=(0, 0.5))
                text.setPos(longest, row)
                texts.append(text)
        return texts


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else name[: LETTERS - 1] + "…"
