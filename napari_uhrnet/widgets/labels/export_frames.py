"""The part of the export panel about frames: where they lie, their size, train, val and test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLineEdit, QSpinBox, QWidget

from napari_uhrnet.export.frames.selection import FrameRules
from napari_uhrnet.export.frames.split import PARTS
from napari_uhrnet.session.labels.frame_windows import frames_in, parse_frames
from napari_uhrnet.widgets.kit.form import form_fields
from napari_uhrnet.widgets.kit.panel import Panel
from napari_uhrnet.widgets.labels import words
from napari_uhrnet.widgets.labels.fields import below, choice

if TYPE_CHECKING:
    from napari_uhrnet.geometry.window import Window

FIELDS: dict[str, dict[str, Any]] = {
    "frame_px": {
        "object_name": "export_size",
        "tooltip": words.SIZE_TIP,
        "min": 16,
        "max": 16384,
    },
    "overlap_px": {
        "object_name": "export_overlap",
        "tooltip": words.OVERLAP_TIP,
        "min": 0,
        "max": 8192,
    },
    "unreviewed": {
        "object_name": "export_unreviewed",
        "tooltip": words.UNREVIEWED_TIP,
        "choices": [(title, name) for name, title in words.UNREVIEWED_CHOICES.items()],
    },
}
"""Fields of `FrameRules` that are plain values. Shares and windows have rows made by hand."""


class ExportFrames(Panel):
    """Gives `FrameRules`, whose defaults it begins with."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(words.FRAMES, parent=parent)
        defaults = FrameRules()
        self.form = form_fields(defaults, FIELDS)
        self.size, self.overlap, self.unreviewed = (w.native for w in self.form.values())
        self.places = choice("export_frames", words.PLACES_CHOICES)
        self.listed = QLineEdit(objectName="export_listed")
        self.listed.setPlaceholderText(words.LISTED_HINT)
        self.listed.setToolTip(words.LISTED_TIP)
        self.split = tuple(QSpinBox(objectName=f"export_{part}", suffix=" %") for part in PARTS)
        for box, part, share in zip(self.split, PARTS, defaults.split, strict=True):
            box.setRange(0, 100)
            box.setValue(round(100 * share))
            box.setToolTip(words.part_tip(part))
        self._lay_out()
        self._connect()
        self._show_listed()

    def rules(self, view: Window | None, *, whole: bool) -> FrameRules:
        """What is asked for; UserError if some of it can't be.

        Parameters
        ----------
        view
            What is on screen, in level-0 pixels.
        whole
            The format holds whole images: windows are ignored.
        """
        plain = {name: field.value for name, field in self.form.items()}
        split = tuple(box.value() / 100 for box in self.split)
        return FrameRules(**plain, split=split, windows=None if whole else self._windows(view))

    @property
    def is_of_all(self) -> bool:
        """Whether frames cover all that is reviewed; else they lie in the present image."""
        return bool(self.places.currentData() == "all")

    @property
    def is_of_view(self) -> bool:
        """Whether frames cover what is on screen."""
        return bool(self.places.currentData() == "view")

    def _windows(self, view: Window | None) -> tuple[Window, ...] | None:
        if self.is_of_all:
            return None
        if not self.is_of_view:
            return parse_frames(self.listed.text())
        size = self.size.value()
        return frames_in(view, size, min(self.overlap.value(), size - 1)) if view else ()

    def _lay_out(self) -> None:
        for title, field in (
            (words.PLACES, below(self.places, self.listed)),
            (words.SIZE, self.size),
            (words.OVERLAP, self.overlap),
            (words.UNREVIEWED, self.unreviewed),
        ):
            self.add_row(title, field)
        for part, box in zip(PARTS, self.split, strict=True):
            self.add_row(part.capitalize(), box)

    def _connect(self) -> None:
        self.places.currentIndexChanged.connect(self._show_listed)
        self.places.currentIndexChanged.connect(self.changed)
        for field in self.form.values():
            field.changed.connect(self._on_changed)
        for box in self.split:
            box.valueChanged.connect(self.changed)
        self.listed.textChanged.connect(self.changed)

    def _on_changed(self) -> None:
        self.changed.emit()

    def _show_listed(self) -> None:
        self.listed.setVisible(self.places.currentData() == "listed")
