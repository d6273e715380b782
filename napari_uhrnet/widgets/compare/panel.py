"""Compare two results of the scene, and step through the regions where they differ."""

from __future__ import annotations

from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QUrl, Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QWidget,
)

from napari_uhrnet.session.compare.sources import Wanted
from napari_uhrnet.widgets.compare import words
from napari_uhrnet.widgets.compare.area import AreaRow
from napari_uhrnet.widgets.compare.findings import CompareFindings
from napari_uhrnet.widgets.kit.docks import DockPanel
from napari_uhrnet.widgets.kit.panel import Panel, narrow_combo

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QComboBox

    from napari_uhrnet.geometry.polygon import Polygon
    from napari_uhrnet.session.compare.comparer import Comparer
    from napari_uhrnet.session.compare.sources import Source
    from napari_uhrnet.session.panel_job import JobStatus
    from napari_uhrnet.session.state import SessionState

LINK = "#4f8fe8"


class ComparePanel(DockPanel):
    """Shows what can be compared and what was found; the person chooses.

    Parameters
    ----------
    sources
        What can be compared now, by titles.
    mask_of
        The source of a mask file.
    polygon
        The polygon that was drawn to choose what is compared.
    """

    swipe_ended = Signal()

    def __init__(
        self,
        state: SessionState,
        comparer: Comparer,
        sources: Callable[[], dict[str, Source]],
        mask_of: Callable[[Path], Source],
        polygon: Callable[[], Polygon | None],
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent=parent)
        self._state, self._comparer = state, comparer
        self._sources, self._mask_of, self._polygon = sources, mask_of, polygon
        self._files: dict[str, Source] = {}
        self.a, self.b = narrow_combo("compare_a"), narrow_combo("compare_b")
        self.area = AreaRow()
        self.compare = QPushButton(words.COMPARE, objectName="start_compare")
        self.report = QPushButton(words.REPORT, objectName="report_compare")
        self.compare.setToolTip(words.COMPARE_TIP)
        self.report.setToolTip(words.REPORT_TIP)
        self.swipe = QPushButton(words.SWIPE, checkable=True, objectName="swipe_compared")
        self.swipe.setToolTip(words.SWIPE_TIP)
        self.cancel = QPushButton(words.CANCEL, objectName="cancel_compare")
        self.cancel.setToolTip(words.CANCEL_TIP)
        self.bar = QProgressBar(objectName="compare_progress")
        self.message = QLabel(objectName="compare_message", wordWrap=True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.page = QLabel(objectName="compare_page", wordWrap=True, openExternalLinks=True)
        self.findings = CompareFindings()
        self._lay_out()
        self._connect()
        self.update_sources()
        self._show(comparer.status)
        if comparer.compared is not None:
            self.findings.show_found(comparer.compared)

    def _lay_out(self) -> None:
        panel = Panel(words.TITLE)
        panel.add_row(words.A, self.a)
        panel.add_row(words.B, self.b)
        panel.add_row(words.REGION, self.area)
        buttons = QGridLayout()
        buttons.setSpacing(4)
        for k, button in enumerate((self.compare, self.report, self.swipe, self.cancel)):
            buttons.addWidget(button, *divmod(k, 2))
        panel.column.addLayout(buttons)
        for widget in (self.bar, self.message, self.page):
            panel.column.addWidget(widget)
        self.column.addWidget(panel)
        self.column.addWidget(self.findings, 1)

    def _connect(self) -> None:
        self.compare.clicked.connect(self._on_compare)
        self.report.clicked.connect(self._on_report)
        self.swipe.clicked.connect(self._on_swipe)
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
            combo.addItems([*titles, words.CHOOSE_FILE])
            chosen = titles.index(before) if before in titles else min(other, len(titles) - 1)
            combo.setCurrentIndex(chosen)
        self._show(self._comparer.status)

    def forget_files(self) -> None:
        """Another scene: the masks were not of it."""
        self._files.clear()
        self.update_sources()

    def _on_chosen(self) -> None:
        combo: Any = self.sender()
        if combo.currentText() == words.CHOOSE_FILE:
            path, _ = QFileDialog.getOpenFileName(self, words.MASK_DIALOG, "", words.MASK_FILES)
            self.add_file(combo, path)
        self._show(self._comparer.status)

    def add_file(self, combo: QComboBox, path: str) -> None:
        """Offer a mask file and choose it in one of the lists; nothing for no path."""
        combo.setCurrentIndex(-1)
        if not path:
            self.update_sources()
            return
        taken = {**self._sources(), **self._files}
        title = path if Path(path).name in taken else Path(path).name
        self._files[title] = self._mask_of(Path(path))
        self.update_sources()
        combo.setCurrentText(title)

    def _on_compare(self) -> None:
        wanted = self._wanted()
        if wanted is not None:
            self._comparer.compare(wanted)

    def _on_report(self) -> None:
        wanted, scene = self._wanted(), self._state.scene
        if wanted is None or scene is None:
            return
        folder = QFileDialog.getExistingDirectory(self, words.REPORT_DIALOG, str(Path.home()))
        if folder:
            self._comparer.report(wanted, scene, Path(folder), datetime.now())

    def _on_swipe(self, on: bool) -> None:
        # It stays down when there is something to be seen.
        self.swipe.setChecked(False)
        wanted = self._wanted() if on else None
        if wanted is not None:
            self._comparer.read_pair(wanted)
        elif not on:
            self.swipe_ended.emit()

    def _wanted(self) -> Wanted | None:
        """What the person chose; None, and a sentence, where something is missing."""
        state, there = self._state, {**self._sources(), **self._files}
        a, b = there.get(self.a.currentText()), there.get(self.b.currentText())
        if state.scene is None or state.card is None or a is None or b is None:
            self._show_message(words.NOTHING_TO_COMPARE)
            return None
        area, polygon = self.area.chosen, None
        if area == "polygon" and (polygon := self._polygon()) is None:
            self._show_message(words.NO_POLYGON)
            return None
        if area == "visible" and state.view is None:
            self._show_message(words.NOT_IN_VIEW)
            return None
        window = state.view if area == "visible" else None
        metres = state.pixel_size_m or state.scene.pixel_size_m
        return Wanted(a, b, state.card.classes, window, polygon, metres)

    def _show(self, status: JobStatus) -> None:
        for button in (self.compare, self.report, self.swipe):
            button.setEnabled(not status.busy and self.a.count() > 1)
        self.cancel.setEnabled(status.busy)
        self.bar.setVisible(status.busy)
        self.bar.setValue(round(100 * status.share))
        self._show_message(status.message)
        if status.page is not None:
            url = QUrl.fromLocalFile(str(status.page)).toString()
            text = escape(f"{status.page.parent.name}/{status.page.name}")
            # Qt's own blue of links cannot be read on a dark theme.
            link = f'<a href="{escape(url)}" style="color: {LINK}">{text}</a>'
            self.page.setText(words.report_written(link))
            self.page.setToolTip(str(status.page))
        self.page.setVisible(status.page is not None)

    def _show_message(self, message: str) -> None:
        self.message.setText(message)
        self.message.setVisible(bool(message))
