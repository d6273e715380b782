"""Compare two results of the scene, and go from place to place where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QWidget,
)

from napari_uhrnet.widgets.compare_findings import CompareFindings
from napari_uhrnet.widgets.docks import DockPanel
from napari_uhrnet.widgets.panel import Panel, narrow_combo

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QComboBox

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.session.comparer import Comparer, CompareStatus
    from napari_uhrnet.session.comparing import Source
    from napari_uhrnet.session.state import SessionState

CHOOSE_FILE = "Mask file…"
MASKS = "Masks (*.tif *.tiff *.png)"


class ComparePanel(DockPanel):
    """Shows what can be compared and what was found; the person chooses.

    Parameters
    ----------
    sources
        What can be compared now, by titles.
    mask_of
        The source of a mask file.
    """

    def __init__(
        self,
        state: SessionState,
        comparer: Comparer,
        sources: Callable[[], dict[str, Source]],
        mask_of: Callable[[Path], Source],
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent=parent)
        self._state, self._comparer = state, comparer
        self._sources, self._mask_of = sources, mask_of
        self._files: dict[str, Source] = {}
        self.a, self.b = narrow_combo("compare_a"), narrow_combo("compare_b")
        self.scope = narrow_combo("compare_scope")
        self.scope.addItem("Visible region", "visible")
        self.scope.addItem("Whole scene", "scene")
        self.compare = QPushButton("Compare", objectName="start_compare")
        self.cancel = QPushButton("Cancel", objectName="cancel_compare")
        self.bar = QProgressBar(objectName="compare_progress")
        self.message = QLabel(objectName="compare_message", wordWrap=True)
        self.findings = CompareFindings()
        self._lay_out()
        self._connect()
        self.update_sources()
        self._show(comparer.status)
        if comparer.compared is not None:
            self.findings.show_found(comparer.compared)

    def _lay_out(self) -> None:
        panel = Panel("Compare")
        panel.add_row("A", self.a)
        panel.add_row("B", self.b)
        panel.add_row("Where", self.scope)
        buttons = QHBoxLayout()
        buttons.addWidget(self.compare, 2)
        buttons.addWidget(self.cancel, 1)
        panel.column.addLayout(buttons)
        panel.column.addWidget(self.bar)
        panel.column.addWidget(self.message)
        self.column.addWidget(panel)
        self.column.addWidget(self.findings, 1)

    def _connect(self) -> None:
        self.compare.clicked.connect(self._on_compare)
        self.cancel.clicked.connect(self._comparer.cancel)
        for combo in (self.a, self.b):
            combo.activated.connect(self._on_chosen)
        self._comparer.status_changed.connect(self._show)
        self._comparer.found.connect(self.findings.show_found)

    def let_go(self) -> None:
        """Stop what runs and listen no more."""
        if not self._closed:
            self._comparer.cancel()
            self._comparer.status_changed.disconnect(self._show)
            self._comparer.found.disconnect(self.findings.show_found)
        super().let_go()

    def update_sources(self) -> None:
        """Offer what can be compared now; what is chosen stays so if it can."""
        titles = [*self._sources(), *self._files]
        for combo, other in ((self.a, 0), (self.b, 1)):
            before = combo.currentText()
            combo.clear()
            combo.addItems([*titles, CHOOSE_FILE])
            chosen = titles.index(before) if before in titles else min(other, len(titles) - 1)
            combo.setCurrentIndex(chosen)
        self._show(self._comparer.status)

    def _on_chosen(self) -> None:
        combo: Any = self.sender()
        if combo.currentText() == CHOOSE_FILE:
            path, _ = QFileDialog.getOpenFileName(self, "A mask of the scene", "", MASKS)
            self._add_file(combo, path)
        self._show(self._comparer.status)

    def _add_file(self, combo: QComboBox, path: str) -> None:
        combo.setCurrentIndex(-1)
        if not path:
            self.update_sources()
            return
        source = self._mask_of(Path(path))
        self._files[source.title] = source
        self.update_sources()
        combo.setCurrentText(source.title)

    def _on_compare(self) -> None:
        state, there = self._state, {**self._sources(), **self._files}
        window = self._window()
        a, b = there.get(self.a.currentText()), there.get(self.b.currentText())
        if state.scene is None or state.card is None or window is None or a is None or b is None:
            self.message.setText("Segment first, or open labels of the scene as a layer.")
            self.message.show()
            return
        metres = state.pixel_size_m or state.scene.pixel_size_m
        self._comparer.compare(a, b, state.card.classes, window, metres)

    def _window(self) -> Window | None:
        from napari_uhrnet.geometry.window import Window

        scene = self._state.scene
        if self.scope.currentData() == "visible":
            return self._state.view
        return None if scene is None else Window.of_shape(scene.shape_yx)

    def _show(self, status: CompareStatus) -> None:
        self.compare.setEnabled(not status.busy and self.a.count() > 1)
        self.cancel.setEnabled(status.busy)
        self.bar.setVisible(status.busy)
        self.bar.setValue(round(100 * status.share))
        self.message.setText("" if status.busy else status.message)
        self.message.setVisible(bool(self.message.text()))
