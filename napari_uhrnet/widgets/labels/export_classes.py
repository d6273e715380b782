"""One row for each class: its name and id in the export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QLineEdit, QSpinBox, QWidget

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.widgets.correct.class_buttons import SWATCH_PX, swatch_icon
from napari_uhrnet.widgets.labels import words

if TYPE_CHECKING:
    from napari_uhrnet.geometry.classes import ClassTable

ID_PX = 36


class ExportClasses(QWidget):
    """The project's classes, with name and id of each in the export."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(2, 1)
        self.names: dict[int, QLineEdit] = {}
        self.ids: dict[int, QSpinBox] = {}
        self._table: ClassTable | None = None

    def show_classes(self, table: ClassTable) -> None:
        """Build the rows; entries for an unchanged class stay."""
        if table == self._table:
            return
        old = () if self._table is None else self._table.classes
        before = dict(zip(old, self.rows(), strict=True))
        self._table = table
        while (item := self._grid.takeAt(0)) is not None:
            item.widget().deleteLater()
        self.names.clear()
        self.ids.clear()
        for column, title in enumerate(words.EXPORT_HEADINGS):
            self._grid.addWidget(QLabel(title), 0, column)
        for k, entry in enumerate(table.classes, 1):
            self._add_row(k, entry.id, entry.name, entry.rgb, before.get(entry))
        hint = QLabel(words.EXPORT_CLASSES_HINT, wordWrap=True)
        self._grid.addWidget(hint, len(table.classes) + 1, 0, 1, 4)

    def rows(self) -> list[tuple[str, int]]:
        """(name, id) of each class as it is to be written; "" leaves it out."""
        return [(self.names[i].text(), self.ids[i].value()) for i in self.names]

    def _add_row(
        self,
        k: int,
        class_id: int,
        title: str,
        rgb: tuple[int, int, int],
        before: tuple[str, int] | None,
    ) -> None:
        text, number = before or (title, class_id)
        swatch = QLabel()
        swatch.setPixmap(swatch_icon(rgb).pixmap(QSize(SWATCH_PX, SWATCH_PX)))
        name = QLineEdit(text, objectName=f"export_name_{class_id}")
        name.setCursorPosition(0)
        name.setPlaceholderText(words.LEFT_OUT)
        name.setAccessibleName(words.write_as(title))
        box = QSpinBox(objectName=f"export_id_{class_id}")
        box.setRange(0, NOTHING - 1)
        box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        # napari's style sheet makes spin boxes wider than the dock has room for.
        box.setStyleSheet(f"min-width: {ID_PX}px; max-width: {ID_PX}px; padding: 1px 4px;")
        box.setValue(number)
        box.setAccessibleName(words.id_of(title))
        name.textChanged.connect(lambda: self._on_named(class_id))
        box.valueChanged.connect(self.changed)
        for column, widget in enumerate((swatch, QLabel(title), name, box)):
            self._grid.addWidget(widget, k, column)
        self.names[class_id], self.ids[class_id] = name, box

    def _on_named(self, class_id: int) -> None:
        """Classes with the same name share an id."""
        name = self.names[class_id].text().strip()
        others = [i for i, line in self.names.items() if i != class_id]
        same = [i for i in others if name and self.names[i].text().strip() == name]
        if same:
            self.ids[class_id].setValue(self.ids[same[0]].value())
        self.ids[class_id].setEnabled(bool(name) and not same)
        self.changed.emit()
