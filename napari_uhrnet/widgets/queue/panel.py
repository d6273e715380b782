"""The queue of what to look at next: how it is ranked, what is in it, and what was reviewed."""

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

from napari_uhrnet.widgets.correct.class_buttons import pixels, swatch_icon
from napari_uhrnet.widgets.kit.docks import DockPanel
from napari_uhrnet.widgets.kit.panel import Panel, narrow_combo

if TYPE_CHECKING:
    from napari_uhrnet.session.correct.state import CorrectState
    from napari_uhrnet.session.queue.ranker import Ranker, RankStatus

LISTED = 200
"""The list shows the first parts only; how many more there are is said below it."""
LIST_PX = 150
NEXT, PREVIOUS, SKIP, REVIEWED = "PageDown", "PageUp", "Shift-PageDown", "Shift-R"
SIDES = {"Patches": "patch", "Frames": "frame"}
HINT = "Rank the parts of the scene, and go through them from the most doubtful one on."


class QueuePanel(DockPanel):
    """Shows a `Ranker` and what of the scene is reviewed; the person chooses."""

    rank_pressed = Signal()
    reviewed_pressed = Signal()

    def __init__(
        self, ranker: Ranker, corrections: CorrectState, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        self._ranker, self._corrections = ranker, corrections
        self.by, self.size = narrow_combo("rank_by"), narrow_combo("rank_size")
        for title, key in SIDES.items():
            self.size.addItem(title, key)
        self._make_ranking()
        self._make_way()
        self._make_counts()
        self._lay_out()
        self._connect()
        self._show_status(ranker.status)
        self._show_queue()
        self._show_counts()

    def _make_ranking(self) -> None:
        self.rank = QPushButton("Rank", objectName="rank")
        self.cancel = QPushButton("Cancel", objectName="cancel_rank")
        self.bar = QProgressBar(objectName="rank_progress")
        self.message = QLabel(objectName="rank_message", wordWrap=True)
        self.parts = QListWidget(objectName="parts")
        self.parts.setMinimumHeight(LIST_PX)
        self.more = QLabel(objectName="more_parts")

    def _make_way(self) -> None:
        self.previous = QPushButton("Previous", objectName="previous_part")
        self.next = QPushButton("Next", objectName="next_part")
        self.skip = QPushButton("Skip", objectName="skip_part")
        self.reviewed = QPushButton("Mark reviewed, go on", objectName="part_reviewed")
        self.previous.setToolTip(f"The part before ({PREVIOUS})")
        self.next.setToolTip(f"The next part ({NEXT})")
        self.skip.setToolTip(f"Look at this part last of all ({SKIP})")

    def _make_counts(self) -> None:
        self.share = QProgressBar(objectName="reviewed_share")
        self.share.setRange(0, 1000)
        self.counts = QListWidget(objectName="reviewed_counts")
        self.counts.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.counts.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.counts.setToolTip("Reviewed pixels of each class")

    def _lay_out(self) -> None:
        panel = Panel("Where to look next")
        panel.add_row("Rank by", self.by)
        panel.add_row("Parts", self.size)
        for row in ((self.rank, self.cancel), (self.previous, self.next, self.skip)):
            buttons = QHBoxLayout()
            for button in row:
                buttons.addWidget(button, 1)
            panel.column.addLayout(buttons)
            if row[0] is self.rank:
                for widget in (self.bar, self.message, self.parts, self.more):
                    panel.column.addWidget(widget)
        panel.column.addWidget(self.reviewed)
        self.reviews = Panel("Reviewed")
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
        """What the parts can be ranked by now; what is chosen stays so if it can."""
        before = self.by.currentText()
        self.by.clear()
        self.by.addItems(titles)
        self.by.setCurrentIndex(titles.index(before) if before in titles else 0)
        self._show_status(self._ranker.status)

    def _on_row(self, row: int) -> None:
        if row >= 0:
            self._ranker.go_to(row)

    def _show_status(self, status: RankStatus) -> None:
        self.rank.setEnabled(not status.busy and self.by.count() > 0)
        self.cancel.setEnabled(status.busy)
        self.bar.setVisible(status.busy)
        self.bar.setValue(round(100 * status.share))
        hint = "" if self._ranker.queue.parts else HINT if self.by.count() else "Segment first."
        self.message.setText("" if status.busy else status.message or hint)
        self.message.setVisible(bool(self.message.text()))

    def _show_queue(self) -> None:
        queue = self._ranker.queue
        self.parts.blockSignals(True)
        self.parts.clear()
        for k, part in enumerate(queue.parts[:LISTED], start=1):
            skipped = "  (skipped)" if queue.is_skipped(part) else ""
            place = f"y {part.window.y}, x {part.window.x}"
            self.parts.addItem(QListWidgetItem(f"{k}.  {part.score:.3f}   {place}{skipped}"))
        self.parts.setCurrentRow(queue.index if queue.index < self.parts.count() else -1)
        self.parts.blockSignals(False)
        left = len(queue.parts) - LISTED
        self.more.setText(f"and {left} more")
        self.more.setVisible(left > 0)
        for button in (self.previous, self.next, self.skip):
            button.setEnabled(bool(queue.parts))
        self._show_status(self._ranker.status)
        self._show_counts()

    def _show_counts(self) -> None:
        state = self._corrections
        there = bool(self._ranker.queue.parts)
        self.reviewed.setEnabled(there and state.active and state.progress is None)
        why = f"All of this part is right ({REVIEWED})"
        self.reviewed.setToolTip(why if state.active else f"{why}: press Correct first")
        self.reviews.setVisible(state.active)
        share = sum(state.reviewed_px.values()) / state.scene_px if state.scene_px else 0.0
        self.share.setValue(round(1000 * share))
        self.share.setFormat(f"{100 * share:.1f} % of the image")
        self.counts.clear()
        for entry in state.classes.classes if state.classes else ():
            text = f"{entry.name}:  {pixels(state.reviewed_px.get(entry.id, 0))}"
            self.counts.addItem(QListWidgetItem(swatch_icon(entry.rgb), text))
        rows = self.counts.count()
        self.counts.setFixedHeight(rows * max(18, self.counts.sizeHintForRow(0)) + 6)
