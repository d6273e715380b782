"""The panel of the class table: rename, recolour, add, merge and remove classes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QColorDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QToolButton,
    QWidget,
)

from napari_uhrnet.datasets.class_tables import find_class_table, shipped_tables
from napari_uhrnet.errors import UserError
from napari_uhrnet.widgets.correct.class_buttons import SWATCH_PX, swatch_icon
from napari_uhrnet.widgets.correct.words import pixels
from napari_uhrnet.widgets.kit.docks import DockPanel
from napari_uhrnet.widgets.kit.panel import Panel
from napari_uhrnet.widgets.labels import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uhrnet.geometry.classes import LabelClass
    from napari_uhrnet.session.labels.class_editing import Draft

WIDTH_PX = 430
NEW = (200, 80, 200)


class ClassPanel(DockPanel):
    """Shows and edits a `Draft`."""

    edited = Signal(object)
    """Another `Draft`."""
    apply_pressed = Signal()
    revert_pressed = Signal()

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setMinimumWidth(WIDTH_PX)
        self._draft: Draft | None = None
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(4)
        self._grid.setColumnStretch(2, 3)
        self._grid.setColumnStretch(3, 2)
        self.add = QPushButton(words.ADD, objectName="class_add")
        self.load = QPushButton(words.LOAD, objectName="class_load")
        self.load.setToolTip(words.LOAD_TIP)
        self.load.setMenu(self._tables())
        self.apply = QPushButton(words.APPLY, objectName="class_apply")
        self.revert = QPushButton(words.DISCARD, objectName="class_revert")
        self.bar = QProgressBar(objectName="class_progress")
        self.message = QLabel(objectName="class_message", wordWrap=True)
        self._lay_out()
        self.add.clicked.connect(self._on_add)
        self.apply.clicked.connect(self.apply_pressed)
        self.revert.clicked.connect(self.revert_pressed)

    def _lay_out(self) -> None:
        box = Panel(words.CLASSES_TITLE)
        box.column.addLayout(self._grid)
        for pair in ((self.add, self.load), (self.apply, self.revert)):
            row = QHBoxLayout()
            for widget in pair:
                row.addWidget(widget, 1)
            box.column.addLayout(row)
        box.column.addWidget(self.bar)
        box.column.addWidget(self.message)
        self.column.addWidget(box)
        self.column.addStretch(1)

    def _tables(self) -> QMenu:
        menu = QMenu(self)
        for name in shipped_tables():
            menu.addAction(name, partial(self._on_load, name))
        menu.addSeparator()
        menu.addAction(words.LOAD_FILE, self._on_file)
        return menu

    def show_draft(self, draft: Draft | None, message: str, *, changed: bool, busy: bool) -> None:
        """Build the rows anew; ``message``: what is wrong, or what Apply would change for good."""
        if draft != self._draft:
            self._draft = draft
            self._build()
        there = draft is not None and not busy
        for button in (self.add, self.load):
            button.setEnabled(there)
        for button in (self.apply, self.revert):
            button.setEnabled(there and changed)
        self.bar.setVisible(busy)
        self.message.setText(message or words.CLASSES_HINT)

    def show_share(self, share: float) -> None:
        """Share of the corrections that has the new classes, 0..1."""
        self.bar.setValue(round(100 * share))

    def _build(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            item.widget().deleteLater()
        if self._draft is None:
            return
        for column, title in enumerate(words.CLASS_HEADINGS):
            self._grid.addWidget(QLabel(title), 0, column)
        for k, entry in enumerate(self._draft.table.classes, 1):
            for column, widget in enumerate(self._row(entry)):
                self._grid.addWidget(widget, k, column)

    def _row(self, entry: LabelClass) -> tuple[QWidget, ...]:
        assert self._draft is not None
        colour = QToolButton(objectName=f"class_colour_{entry.id}")
        colour.setIcon(swatch_icon(entry.rgb))
        colour.setIconSize(QSize(SWATCH_PX, SWATCH_PX))
        colour.setToolTip(words.colour_of(entry.name))
        colour.clicked.connect(lambda: self._on_colour(entry))
        name = self._line(f"class_name_{entry.id}", entry.name, "rename", entry.id)
        also = self._line(
            f"class_also_{entry.id}", ", ".join(entry.aliases), "set_other_names", entry.id
        )
        also.setToolTip(words.OTHER_NAMES_TIP)
        count = QLabel(alignment=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        px = self._draft.used_px.get(entry.id, 0)
        count.setText(pixels(px) if px else "–")
        return colour, QLabel(str(entry.id)), name, also, count, self._more(entry, px)

    def _line(self, object_name: str, text: str, change: str, class_id: int) -> QLineEdit:
        line = QLineEdit(text, objectName=object_name)
        line.setCursorPosition(0)

        def finished() -> None:
            if line.text() != text:
                self._change(lambda draft: getattr(draft, change)(class_id, line.text()))

        line.editingFinished.connect(finished)
        return line

    def _more(self, entry: LabelClass, px: int) -> QToolButton:
        assert self._draft is not None
        more = QToolButton(objectName=f"class_more_{entry.id}", text=words.CHOOSE)
        more.setToolTip(words.more_tip(entry.name))
        more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(more)
        into = menu.addMenu(words.MERGE)
        for other in self._draft.table.classes:
            if other.id != entry.id:
                into.addAction(
                    swatch_icon(other.rgb), other.name, partial(self._on_merge, entry.id, other.id)
                )
        remove = menu.addAction(words.REMOVE, partial(self._on_remove, entry.id))
        remove.setEnabled(not px)
        remove.setToolTip(words.REMOVE_USED_TIP if px else "")
        more.setMenu(menu)
        return more

    def _change(self, change: Callable[[Draft], Draft]) -> None:
        if self._draft is None:
            return
        try:
            self.edited.emit(change(self._draft))
        except UserError as error:
            self._build()
            self.message.setText(str(error))

    def _on_merge(self, class_id: int, into: int) -> None:
        self._change(lambda draft: draft.merge(class_id, into))

    def _on_remove(self, class_id: int) -> None:
        self._change(lambda draft: draft.remove(class_id))

    def _on_colour(self, entry: LabelClass) -> None:
        colour = QColorDialog.getColor(QColor(*entry.rgb), self, words.colour_of(entry.name))
        if colour.isValid():
            rgb = (colour.red(), colour.green(), colour.blue())
            self._change(lambda draft: draft.recolour(entry.id, rgb))

    def _on_add(self) -> None:
        def change(draft: Draft) -> Draft:
            names, number = set(draft.table.names.values()), 1
            while words.new_class(number) in names:
                number += 1
            return draft.add(words.new_class(number), NEW)

        self._change(change)

    def _on_load(self, name_or_file: str) -> None:
        self._change(lambda draft: draft.load(find_class_table(name_or_file)))

    def _on_file(self, *_: Any) -> None:
        title, kinds = words.LOAD_DIALOG, words.LOAD_KINDS
        file, _kind = QFileDialog.getOpenFileName(self, title, "", kinds)
        if file:
            self._on_load(file)
