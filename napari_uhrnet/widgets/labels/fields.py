"""Fields that the panels of labels share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from napari_uhrnet.widgets.kit.panel import narrow_combo

if TYPE_CHECKING:
    from collections.abc import Mapping


def choice(name: str, titles: Mapping[str, str]) -> QComboBox:
    """A combo box; the keys are its data."""
    combo = narrow_combo(name)
    for key, title in titles.items():
        combo.addItem(title, key)
    return combo


def in_a_row(*widgets: QWidget) -> QWidget:
    """One field of several, beside each other."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        row.addWidget(widget, 1)
    return holder


def below(*widgets: QWidget) -> QWidget:
    """One field of several, below each other: a hidden one leaves no gap."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    return holder
