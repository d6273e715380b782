"""The panel of the review queue: criterion, list of parts, and what is reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QWidget,
)

from napari_uhrnet.widgets.correct.class_buttons import swatch_icon
from napari_uhrnet.widgets.kit.docks import DockPanel
from napari_uhrnet.widgets.kit.panel import Panel, narrow_combo
from napari_uhrnet.widgets.queue import words

if TYPE_CHECKING:
    from napari_uhrnet.session.correct.state import CorrectState
    from napari_uhrnet.session.panel_job import JobStatus
    from napari_uhrnet.session.queue.ranker import Ranker

LISTED = 200
"""The list shows this many parts; the number of further ones stands below it."""
LIST_PX = 150
NEXT, PREVIOUS, SKIP, REVIEWED = "PageDown", "PageUp", "Shift-PageDown", "Shift-R"


class QueuePanel(DockPanel):
    """Shows a `Ranker` and how much of the scene is reviewed."""

    rank_pressed = Signal()
    reviewed_pressed = Signal()

    def __init__(
        self, ranker: Ranker, corrections: CorrectState, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        self._ranker, self._corrections = ranker, corrections
        self.by, self.size = narrow_combo("rank_by"), narrow_combo("rank_size")
        for title, key in words.SIDES.items():
            self.size.addItem(title, key)
        self._make_ranking()
        self._make_steps()
        self._make_counts()
        self._lay_out()
        self._connect()
        self._show_status(ranker.status)
        self._show_queue()
        self._show_counts()

    def _make_ranking(self) -> None:
        self.rank = QPushButton(words.RANK, objectName="rank")
        self.rank.setToolTip(words.RANK_TIP)
        self.cancel = QPushButton(words.CANCEL, objectName="cancel_rank")
        self.cancel.setToolTip(words.CANCEL_TIP)
        self.bar = QProgressBar(objectName="rank_progress")
        self.message = QLabel(objectName="rank_message", wordWrap=True)
        self.parts = QListWidget(objectName="parts")
        self.parts.setMinimumHeight(LIST_PX)
        self.more = QLabel(objectName="more_parts")

    def _make_steps(self) -> None:
        self.previous = QPushButton(words.PREVIOUS, objectName="previous_part")
        self.next = QPushButton(words.NEXT, objectName="next_part")
        self.skip = QPushButton(words.SKIP, objectName="skip_part")
        self.reviewed = QPushButton(words.MARK_REVIEWED, objectName="part_reviewed")
        self.previous.setToolTip(words.previous_tip(PREVIOUS))
        self.next.setToolTip(words.next_tip(NEXT))
        self.skip.setToolTip(words.skip_tip(SKIP))

    def _make_counts(self) -> None:
        self.share = QProgressBar(objectName="reviewed_share")
        self.share.setRange(0, 1000)
        self.counts = QListWidget(objectName="reviewed_counts")
        self.counts.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.counts.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.counts.setToolTip(words.COUNTS_TIP)

    def _lay_out(self) -> None:
        panel = Panel(words.TITLE)
        panel.add_row(words.RANK_BY, self.by)
        panel.add_row(words.PARTS, self.size)
        for row in ((self.rank, self.cancel), (self.previous, self.next, self.skip)):
            buttons = QHBoxLayout()
            for button in row:
                buttons.addWidget(button, 1)
            panel.column.addLayout(buttons)
            if row[0] is self.rank:
                for widget in (self.bar, self.message, self.parts, self.more):
                    panel.column.addWidget(widget)
        panel.column.addWidget(self.reviewed)
        self.reviews = Panel(words.REVIEWED)
        self.reviews.column.addWidget(self.share)
        self.reviews.column.addWidget(self.counts)
        self.column.addWidget(panel)
        self.column.addWidget(self.reviews)
        self.column.addStretch(1)

    def _connect(self) -> None:
        ranker = self._ranker
        self.rank.clicked.connect(self.rank_pressed)
        self.cancel.clicked.connect(ranker.cancel)
        self.previous.clicked.connect(lambda: ranker.step(-1))
        self.next.clicked.connect(lambda: ranker.step(1))
        self.skip.clicked.connect(ranker.skip)
        self.reviewed.clicked.connect(self.reviewed_pressed)
        self.parts.currentRowChanged.connect(self._on_row)
        ranker.status_changed.connect(self._show_status)
        ranker.queue_changed.connect(self._show_queue)
        self._corrections.events.connect(self._show_counts)

    def let_go(self) -> None:
        """Stop what runs and listen no more."""
        if not self._closed:
            self._ranker.cancel()
            self._ranker.status_changed.disconnect(self._show_status)
            self._ranker.queue_changed.disconnect(self._show_queue)
            self._corrections.events.disconnect(self._show_counts)
        super().let_go()

    def offer(self, titles: list[str]) -> None:
        """Offer these criteria; the chosen one stays if it is among them."""
        before = self.by.currentText()
        self.by.clear()
        self.by.addItems(titles)
        self.by.setCurrentIndex(titles.index(before) if before in titles else 0)
        self._show_status(self._ranker.status)

    def _on_row(self, row: int) -> None:
        if row >= 0:
            self._ranker.go_to(row)

    def _show_status(self, status: JobStatus) -> None:
        self.rank.setEnabled(not status.busy and self.by.count() > 0)
        self.cancel.setEnabled(status.busy)
        self.bar.setVisible(status.busy)
        self.bar.setValue(round(100 * status.share))
        hint = words.HINT if self.by.count() else words.NO_PREDICTION
        found = bool(self._ranker.queue.parts)
        self.message.setText("" if status.busy else status.message or ("" if found else hint))
        self.message.setVisible(bool(self.message.text()))

    def _show_queue(self) -> None:
        queue = self._ranker.queue
        self.parts.blockSignals(True)
        self.parts.clear()
        for k, part in enumerate(queue.parts[:LISTED], start=1):
            text = words.listed(k, part, skipped=queue.is_skipped(part))
            self.parts.addItem(QListWidgetItem(text))
        self.parts.setCurrentRow(queue.index if queue.index < self.parts.count() else -1)
        self.parts.blockSignals(False)
        left = len(queue.parts) - LISTED
        self.more.setText(words.more(left))
        self.more.setVisible(left > 0)
        for button in (self.previous, self.next, self.skip):
            button.setEnabled(bool(queue.parts))
        self._show_status(self._ranker.status)
        self._show_counts()

    def _show_counts(self) -> None:
        state = self._corrections
        there = bool(self._ranker.queue.parts)
        self.reviewed.setEnabled(there and state.active and state.progress is None)
        self.reviewed.setToolTip(words.reviewed_tip(REVIEWED, correcting=state.active))
        self.reviews.setVisible(state.active)
        share = sum(state.reviewed_px.values()) / state.scene_px if state.scene_px else 0.0
        self.share.setValue(round(1000 * share))
        self.share.setFormat(words.reviewed_share(share))
        self.counts.clear()
        for entry in state.classes.classes if state.classes else ():
            text = words.class_count(entry.name, state.reviewed_px.get(entry.id, 0))
            self.counts.addItem(QListWidgetItem(swatch_icon(entry.rgb), text))
        rows = self.counts.count()
        self.counts.setFixedHeight(rows * max(18, self.counts.sizeHintForRow(0)) + 6)
