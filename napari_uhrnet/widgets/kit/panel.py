"""The look that all panels share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtGui import QIcon, QPixmap
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGridLayout,
    QGroupBox,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_uhrnet.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Callable

TITLE_PX = 76
"""Width of the titles of all panels' rows, so that their fields line up."""
TOOLS_PER_LINE = 3


class Panel(QGroupBox):
    """A titled group: rows of a title and a field on top, then whatever is added to ``column``."""

    def __init__(self, title: str, *, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.column = QVBoxLayout(self)
        self.column.setSpacing(6)
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.column.addLayout(self._form)
        self._tools: QGridLayout | None = None

    def add_row(self, title: str, field: QWidget) -> None:
        """Add a field below the others; screen readers read its title, too."""
        label = QLabel(title)
        label.setMinimumWidth(TITLE_PX)
        label.setBuddy(field)
        self._form.addRow(label, field)

    def add_tool(
        self, name: str, title: str, tip: str, pressed: Callable[[], object]
    ) -> QPushButton:
        """Add a button that opens a dock, with ``name`` as object name; three share a line."""
        if self._tools is None:
            self._tools = QGridLayout()
            self._tools.setSpacing(4)
            for column in range(TOOLS_PER_LINE):
                self._tools.setColumnStretch(column, 1)
            self.column.addLayout(self._tools)
        button = QPushButton(title, objectName=name)
        button.setToolTip(tip)
        button.clicked.connect(lambda: pressed())
        self._tools.addWidget(button, *divmod(self._tools.count(), TOOLS_PER_LINE))
        return button


def narrow_combo(name: str) -> QComboBox:
    """A combo box that does not widen the dock for a long entry."""
    combo = QComboBox(objectName=name)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return combo


def icon(name: str, colour: str) -> QIcon:
    """An icon of this package in a colour such as "#d1d2d4"."""
    svg = resource_path("icons", f"{name}.svg").read_text(encoding="utf-8")
    pixmap = QPixmap()
    pixmap.loadFromData(svg.replace("currentColor", colour).encode(), "svg")
    return QIcon(pixmap)
