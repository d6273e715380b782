"""The loss curve, and the scores on held-out regions before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem

from napari_uhrnet.widgets.finetune import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

RAW, SMOOTH = "#56b4e9", "#e69f00"
SMOOTHING = 0.9
"""Share of the running mean that stays in a step."""
HEIGHT_PX = 150


class LossCurve(pg.PlotWidget):
    """The loss of each step, and its running mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.setObjectName("loss_curve")
        self.setFixedHeight(HEIGHT_PX)
        plot = self.getPlotItem()
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(False, False)
        plot.setLabel("bottom", words.STEP_AXIS)
        plot.setLabel("left", words.LOSS_AXIS)
        plot.showGrid(y=True, alpha=0.25)
        self._raw = plot.plot(pen=pg.mkPen(RAW, width=1))
        self._smooth = plot.plot(pen=pg.mkPen(SMOOTH, width=2))

    def show_losses(self, losses: Sequence[float]) -> None:
        """One number for each step, from the first on."""
        steps = np.arange(1, len(losses) + 1)
        self._raw.setData(steps, np.array(losses))
        self._smooth.setData(steps, smoothed(losses))


def smoothed(losses: Sequence[float]) -> NDArray[np.float64]:
    """(steps,) running mean of the losses, unbiased from the first step on."""
    mean, weight, found = 0.0, 0.0, []
    for loss in losses:
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        weight = SMOOTHING * weight + (1 - SMOOTHING)
        found.append(mean / weight)
    return np.array(found)


class ScoreTable(QTableWidget):
    """Scores on held-out reviewed regions, before and after."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(words.SCORE_HEADINGS), parent)
        self.setObjectName("finetune_scores")
        self.setHorizontalHeaderLabels(words.SCORE_HEADINGS)
        self.verticalHeader().hide()
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_scores(self, result: Mapping[str, Any]) -> str:
        """Fill the table; returns a sentence that sums it up."""
        before, after = result["before"], result["after"]
        if after is None:
            self.setRowCount(0)
            self.setFixedHeight(0)
            return words.NOT_SCORED
        rows = score_rows(before, after)
        self.setRowCount(len(rows))
        for y, row in enumerate(rows):
            for x, text in enumerate(row):
                item = QTableWidgetItem(text)
                if x:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                self.setItem(y, x, item)
        height = self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth()
        self.setFixedHeight(height + sum(self.rowHeight(y) for y in range(len(rows))))
        old = None if before is None else float(before["miou"])
        return words.scored(old, float(after["miou"]), int(result["held_out_px"]))


def score_rows(
    before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> list[tuple[str, str, str, str]]:
    """Name, before, after and change: mIoU, accuracy, then IoU by class. "–": no score."""
    old = before or {"miou": None, "accuracy": None, "iou": {}}
    rows = [
        (words.MIOU, old["miou"], after["miou"]),
        (words.ACCURACY, old["accuracy"], after["accuracy"]),
        *((name, old["iou"].get(name), value) for name, value in after["iou"].items()),
    ]
    return [(name, _number(a), _number(b), _change(a, b)) for name, a, b in rows]


def _number(value: float | None) -> str:
    return words.NO_SCORE if value is None else f"{value:.3f}"


def _change(a: float | None, b: float | None) -> str:
    return words.NO_SCORE if a is None or b is None else f"{b - a:+.3f}"
