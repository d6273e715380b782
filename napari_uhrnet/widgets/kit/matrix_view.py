"""A confusion matrix as a picture whose cells can be clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt, Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

WITH_NUMBERS = 9
"""Up to so many classes there is room for numbers in the cells."""
LETTERS = 5
SPACE_PX = 12
"""Between the names of the rows and what is beside them."""


class MatrixView(pg.PlotWidget):
    """Rows A, columns B, colours by the share of A's class."""

    cell_clicked = Signal(int, int)
    """Row and column."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        # Otherwise the background of the last theme stays.
        self.setStyleSheet("background: transparent")
        self._count = 0
        self._texts: list[pg.TextItem] = []
        self._image = pg.ImageItem(axisOrder="row-major")
        self._image.setColorMap(pg.colormap.get("viridis"))
        self._frame = pg.PlotDataItem(pen=pg.mkPen("w", width=2))
        plot = self.getPlotItem()
        plot.addItem(self._image)
        plot.addItem(self._frame)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(False, False)
        plot.invertY(True)
        plot.showAxes((True, True, False, False), showValues=(True, True, False, False))
        for side in ("left", "top"):
            plot.getAxis(side).setStyle(tickLength=0, hideOverlappingLabels=False)
            plot.getAxis(side).setPen(None)
        self.scene().sigMouseClicked.connect(self._on_click)

    def show_counts(self, counts: NDArray[np.int64], names: Sequence[str]) -> None:
        """Show (N, N) counts of the classes."""
        self._count = len(names)
        self.mark(None)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        # The square root keeps a share of one per cent visible.
        self._image.setImage(np.sqrt(share), levels=(0, 1))
        self._image.setRect(0, 0, self._count, self._count)
        short = [n if len(n) <= LETTERS else n[: LETTERS - 1] + "." for n in names]
        plot = self.getPlotItem()
        left = plot.getAxis("left")
        left.setTicks([[(k + 0.5, n) for k, n in enumerate(names)]])
        # Its own width would be found at the first drawing only, and the names left out of that.
        longest = max((self.fontMetrics().horizontalAdvance(n) for n in names), default=0)
        left.setWidth(longest + SPACE_PX)
        plot.getAxis("top").setTicks([[(k + 0.5, n) for k, n in enumerate(short)]])
        plot.setRange(xRange=(0, self._count), yRange=(0, self._count), padding=0)
        self._write(share)

    def set_ink(self, colour: str) -> None:
        """Write the names of the classes in a colour such as "#d1d2d4"."""
        for side in ("left", "top"):
            self.getPlotItem().getAxis(side).setTextPen(colour)

    def mark(self, cell: tuple[int, int] | None) -> None:
        """Frame a cell, or none."""
        if cell is None:
            self._frame.setData([], [])
            return
        y, x = cell
        self._frame.setData([x, x + 1, x + 1, x, x], [y, y, y + 1, y + 1, y])

    def _write(self, share: NDArray[np.floating]) -> None:
        plot = self.getPlotItem()
        for text in self._texts:
            plot.removeItem(text)
        self._texts.clear()
        if self._count > WITH_NUMBERS:
            return
        for (y, x), value in np.ndenumerate(share):
            if value > 0:
                colour = "k" if value > 0.35 else "w"
                text = pg.TextItem(_percent(float(value)), color=colour, anchor=(0.5, 0.5))
                text.setPos(x + 0.5, y + 0.5)
                # The cell below is what is clicked.
                text.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
                plot.addItem(text)
                self._texts.append(text)

    def _on_click(self, event: Any) -> None:
        place = self.getPlotItem().vb.mapSceneToView(event.scenePos())
        x, y = int(np.floor(place.x())), int(np.floor(place.y()))
        if 0 <= x < self._count and 0 <= y < self._count:
            self.cell_clicked.emit(y, x)


def _percent(share: float) -> str:
    return f"{share:.0%}".removesuffix("%") if share >= 0.005 else "·"
