"""What a comparison found: numbers, the matrix, and the list of regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from napari_uhrnet.session import wording
from napari_uhrnet.widgets.compare import words
from napari_uhrnet.widgets.kit.matrix_view import MatrixView
from napari_uhrnet.widgets.kit.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_uhrnet.evaluation.comparison.comparison import ClassArea
    from napari_uhrnet.evaluation.comparison.disagreements import Region
    from napari_uhrnet.session.compare.sources import Compared

MATRIX_PX = 230
LIST_PX = 120
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class CompareFindings(Panel):
    """Hidden until something was found."""

    pair_chosen = Signal(object)
    """(class id of A, class id of B) of the cell that was clicked, None for all."""
    region_chosen = Signal(object)
    """A `Region` to look at."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(words.FINDINGS, parent=parent)
        self._compared: Compared | None = None
        self._shown: tuple[Region, ...] = ()
        self._pair: tuple[int, int] | None = None
        self.agreement = QLabel(objectName="agreement", wordWrap=True)
        self.table = _empty_table()
        self.matrix = MatrixView()
        self.matrix.setFixedHeight(MATRIX_PX)
        self.matrix.setToolTip(words.MATRIX_TIP)
        self.filter = QLabel(objectName="pair", wordWrap=True)
        self.regions = QListWidget(objectName="regions")
        self.regions.setMinimumHeight(LIST_PX)
        self.previous = QPushButton(words.PREVIOUS, objectName="previous_region")
        self.previous.setToolTip(words.PREVIOUS_TIP)
        self.next = QPushButton(words.NEXT, objectName="next_region")
        self.next.setToolTip(words.NEXT_TIP)
        self._lay_out()
        self.matrix.cell_clicked.connect(self._on_cell)
        self.regions.currentRowChanged.connect(self._on_row)
        self.previous.clicked.connect(lambda: self.step(-1))
        self.next.clicked.connect(lambda: self.step(1))
        self.hide()

    def _lay_out(self) -> None:
        for widget in (self.agreement, self.table, self.matrix, self.filter):
            self.column.addWidget(widget)
        self.column.addWidget(self.regions, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.previous, 1)
        buttons.addWidget(self.next, 1)
        self.column.addLayout(buttons)

    def show_found(self, compared: Compared | None) -> None:
        """Show a comparison instead of the last one; hide if there is none."""
        self._compared = compared
        if compared is None:
            self._pair, self._shown = None, ()
            self.hide()
            return
        found = compared.comparison
        counted = int(found.confusion.sum())
        unit = self._fill_table(compared)
        self.agreement.setText(
            words.agreement(found.agreement, wording.pixels(counted), unit)
            if counted
            else words.NO_COMMON_PIXELS
        )
        self.matrix.show_counts(found.confusion, found.names)
        self._choose(None)
        self.show()

    def step(self, by: int) -> None:
        """Select a region so many rows further in the list; after the last comes the first."""
        if self._shown:
            row = self.regions.currentRow()
            first = 0 if by > 0 else len(self._shown) - 1
            self.regions.setCurrentRow(first if row < 0 else (row + by) % len(self._shown))

    def _fill_table(self, compared: Compared) -> str:
        """Fill it in; the unit of its areas."""
        found, table = compared.comparison, self.table
        unit, in_unit = _unit_of(found.areas.values())
        table.setRowCount(len(found.names))
        for row, (name, area) in enumerate(found.areas.items()):
            iou = f"{found.iou[name]:.3f}" if area.a_px or area.b_px else "–"
            difference = area.b_px - area.a_px
            sign = "+" if difference > 0 else "−" if difference < 0 else ""
            areas = in_unit(area.a_px), in_unit(area.b_px), sign + in_unit(abs(difference))
            for column, text in enumerate((name, iou, *areas)):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(RIGHT)
                table.setItem(row, column, item)
        table.resizeRowsToContents()
        rows = sum(table.rowHeight(k) for k in range(table.rowCount()))
        table.setFixedHeight(rows + table.horizontalHeader().sizeHint().height() + 4)
        return unit

    def _on_cell(self, row: int, column: int) -> None:
        if self._compared is None:
            return
        ids = self._compared.classes.ids
        pair = int(ids[row]), int(ids[column])
        self._choose(None if pair == self._pair else pair)
        self.matrix.mark((row, column) if self._pair else None)

    def _choose(self, pair: tuple[int, int] | None) -> None:
        """List the regions of a pair, or all."""
        assert self._compared is not None
        self._pair = pair
        regions = self._compared.regions
        self._shown = regions.of(*pair) if pair else regions.largest
        names = self._compared.classes.names
        self.regions.blockSignals(True)
        self.regions.clear()
        for region in self._shown:
            size = wording.pixels(region.size_px)
            self.regions.addItem(words.region(names[region.a], names[region.b], size))
        self.regions.setCurrentRow(-1)
        self.regions.blockSignals(False)
        self.filter.setText(self._summary())
        self.pair_chosen.emit(pair)

    def _summary(self) -> str:
        assert self._compared is not None
        regions, names, count = (
            self._compared.regions,
            self._compared.classes.names,
            len(self._shown),
        )
        if self._pair is None:
            return words.all_regions(regions.total, count)
        a, b = self._pair
        if a == b:
            return words.same_class(names[a])
        return words.pair_regions(names[a], names[b], count)

    def _on_row(self, row: int) -> None:
        if 0 <= row < len(self._shown):
            self.region_chosen.emit(self._shown[row])


def _empty_table() -> QTableWidget:
    table = QTableWidget(0, len(words.COLUMNS), objectName="classes")
    table.setHorizontalHeaderLabels(words.COLUMNS)
    table.setToolTip(words.COLUMNS_TIP)
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    table.setShowGrid(False)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    return table


def _unit_of(areas: Iterable[ClassArea]) -> tuple[str, Callable[[int], str]]:
    """One unit for all areas, to compare them at a glance, and what turns pixels into it."""
    known = list(areas)
    pixel_size_m = known[0].pixel_size_m if known else None
    if pixel_size_m is None:
        return "px", lambda count: wording.pixels(count).removesuffix(" px")
    pixel_m2 = pixel_size_m**2
    unit, unit_m2 = wording.area_unit(pixel_m2 * max(max(a.a_px, a.b_px) for a in known))
    digits = 3 if unit == "km²" else 2
    return unit, lambda count: f"{count * pixel_m2 / unit_m2:,.{digits}f}".replace(",", " ")
