"""Forms of plain values, made with magicgui from a dataclass of settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import create_widget
from qtpy.QtWidgets import QComboBox

if TYPE_CHECKING:
    from collections.abc import Mapping

NARROW = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon


def form_fields(settings: object, options: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A magicgui widget for each field of ``settings`` that ``options`` names, with its value.

    Keep the result for as long as the ``native`` Qt widgets are used.

    Parameters
    ----------
    settings
        A dataclass with its defaults; a value's type chooses the widget.
    options
        By field: "object_name" of the Qt widget, and what `magicgui.widgets.create_widget` takes,
        such as "tooltip", "min", "max" and "choices".
    """
    made = {}
    for name, given in options.items():
        own = dict(given)
        object_name = own.pop("object_name")
        made[name] = create_widget(getattr(settings, name), name=name, options=own)
        native = made[name].native
        native.setObjectName(object_name)
        if isinstance(native, QComboBox):
            # A long choice must not widen the dock.
            native.setSizeAdjustPolicy(NARROW)
    return made
