"""Correct the prediction: paint, edit polygons, mark regions as reviewed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_uhrnet.session.correct.state import PAINTING
from napari_uhrnet.widgets.correct import words
from napari_uhrnet.widgets.correct.class_buttons import ClassButtons
from napari_uhrnet.widgets.correct.polygon_row import PolygonRow
from napari_uhrnet.widgets.kit.panel import TITLE_PX, Panel

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uhrnet.session.correct.state import CorrectState, Tool
    from napari_uhrnet.widgets.correct.tool import Correcting

TOOLS: tuple[Tool, ...] = ("paint", "erase", "fill", "pick", "superpixel", "move")
MOST_BRUSH_PX = 1000


class CorrectPanel(Panel):
    """Shows the `CorrectState`; its buttons start, undo and mark edits."""

    def __init__(
        self,
        correcting: Correcting,
        open_folder: Callable[[Path], None],
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(words.TITLE, parent=parent)
        self._correcting, self._state = correcting, correcting.state
        self._open_folder = open_folder
        self._make_top()
        self._make_tools()
        self.classes = ClassButtons(self._state)
        self.polygon = PolygonRow(correcting)
        self._make_review()
        self._make_progress()
        self._lay_out()
        self._connect()
        self._show()

    def choose_folder(self) -> None:
        """Ask for a folder: correct the scene in it, or open the project that it holds."""
        before = str(Path(self._state.folder).parent) if self._state.folder else ""
        folder = QFileDialog.getExistingDirectory(self, words.FOLDER_DIALOG, before)
        if folder:
            self._open_folder(Path(folder))
            self._show()

    def _make_top(self) -> None:
        self.toggle = QPushButton(words.START, checkable=True, objectName="correct")
        self.toggle.setToolTip(words.START_TIP)
        self.folder = QPushButton(words.FOLDER, objectName="project_folder")
        self.place = QLabel(objectName="project")
        self.message = QLabel(objectName="correct_message", wordWrap=True)
        self.retry = QPushButton(words.TRY_AGAIN, objectName="retry")
        self.retry.setToolTip(words.TRY_AGAIN_TIP)
        self.discard = QPushButton(words.DISCARD, objectName="discard")
        self.discard.setToolTip(words.DISCARD_TIP)

    def _make_tools(self) -> None:
        self.tools: dict[Tool, QPushButton] = {}
        for name in TOOLS:
            title, tip = words.TOOLS[name]
            button = QPushButton(title, checkable=True, objectName=f"tool_{name}")
            button.setToolTip(tip)
            button.clicked.connect(partial(self._on_tool, name))
            self.tools[name] = button
        self.brush = QSpinBox(objectName="brush", suffix=" px")
        self.brush.setRange(1, MOST_BRUSH_PX)
        self.brush.setToolTip(words.BRUSH_TIP)
        self.superpixel = QSpinBox(objectName="superpixel_size", suffix=" px")
        self.superpixel.setRange(6, 128)
        self.superpixel.setToolTip(words.SUPERPIXEL_TIP)
        self.size_title = QLabel()

    def _make_review(self) -> None:
        self.reviewed = QPushButton(words.MARK_VIEW, objectName="mark_reviewed")
        self.reviewed.setToolTip(words.MARK_VIEW_TIP)
        self.undo = QPushButton(words.UNDO, objectName="undo")
        self.redo = QPushButton(words.REDO, objectName="redo")
        self.counts = QLabel(objectName="correct_counts", wordWrap=True)

    def _make_progress(self) -> None:
        self.progress = QWidget(objectName="edit_progress")
        self.bar = QProgressBar(textVisible=True)
        self.bar.setRange(0, 100)
        self.cancel = QPushButton(words.CANCEL, objectName="cancel_edit")
        self.cancel.setToolTip(words.CANCEL_TIP)
        row = QHBoxLayout(self.progress)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.toggle, 2)
        top.addWidget(self.folder, 1)
        self.column.addLayout(top)
        self.column.addWidget(self.place)
        self.column.addWidget(self.message)
        unsaved = QHBoxLayout()
        unsaved.addWidget(self.retry, 1)
        unsaved.addWidget(self.discard, 1)
        self.column.addLayout(unsaved)
        self.body = QWidget()
        body = QVBoxLayout(self.body)
        body.setContentsMargins(0, 0, 0, 0)
        tools = QGridLayout()
        tools.setSpacing(4)
        for k, button in enumerate(self.tools.values()):
            tools.addWidget(button, k // 3, k % 3)
        for column in range(3):
            tools.setColumnStretch(column, 1)
        body.addLayout(tools)
        sizes = QHBoxLayout()
        self.size_title.setMinimumWidth(TITLE_PX)
        sizes.addWidget(self.size_title)
        sizes.addWidget(self.brush, 1)
        sizes.addWidget(self.superpixel, 1)
        body.addLayout(sizes)
        body.addWidget(self.classes)
        body.addWidget(self.polygon)
        body.addWidget(self.reviewed)
        steps = QHBoxLayout()
        steps.addWidget(self.undo, 1)
        steps.addWidget(self.redo, 1)
        body.addLayout(steps)
        body.addWidget(self.progress)
        body.addWidget(self.counts)
        self.column.addWidget(self.body)

    def _connect(self) -> None:
        correcting = self._correcting
        self.toggle.clicked.connect(self._on_toggle)
        self.folder.clicked.connect(self.choose_folder)
        self.retry.clicked.connect(correcting.retry)
        self.discard.clicked.connect(correcting.discard)
        self.brush.valueChanged.connect(self._on_brush)
        self.superpixel.valueChanged.connect(self._on_superpixel)
        self.reviewed.clicked.connect(correcting.mark_view_reviewed)
        self.undo.clicked.connect(correcting.undo)
        self.redo.clicked.connect(correcting.redo)
        self.cancel.clicked.connect(correcting.stop_edit)
        self._state.events.connect(self._show)

    def _on_toggle(self, on: bool) -> None:
        if on:
            self._correcting.start()
        else:
            self._correcting.stop()
        self._show()

    def _on_tool(self, name: Tool) -> None:
        self._state.tool = name
        self._show()

    def _on_brush(self, value: int) -> None:
        self._state.brush_px = value

    def _on_superpixel(self, value: int) -> None:
        self._state.superpixel_px = value

    def _show(self) -> None:
        state: CorrectState = self._state
        self.toggle.setChecked(state.active)
        self.toggle.setText(words.STOP if state.active else words.START)
        self.folder.setToolTip(
            words.other_folder_tip(state.folder) if state.active else words.FOLDER_TIP
        )
        self.place.setText(words.project(Path(state.folder).name) if state.active else "")
        self.place.setToolTip(state.folder)
        self.place.setVisible(state.active)
        hint = "" if state.can_paint else words.COMPARING if state.comparing else words.ZOOM_IN
        usual = hint if state.active else words.INTRODUCTION
        self.message.setText(state.unsaved or state.message or usual)
        self.message.setVisible(bool(self.message.text()))
        for button in (self.retry, self.discard):
            button.setVisible(bool(state.unsaved))
        self.body.setVisible(state.active)
        self._show_tools()
        self._show_edits()

    def _show_tools(self) -> None:
        state, idle = self._state, self._state.progress is None
        for name, button in self.tools.items():
            button.setChecked(name == state.tool)
            button.setEnabled(idle and (state.can_paint or name not in PAINTING))
        for box, value in ((self.brush, state.brush_px), (self.superpixel, state.superpixel_px)):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
            box.setEnabled(state.can_paint)
        pieces = state.tool == "superpixel"
        self.size_title.setText(words.SUPERPIXEL if pieces else words.BRUSH)
        self.size_title.setBuddy(self.superpixel if pieces else self.brush)
        self.superpixel.setVisible(pieces)
        self.brush.setVisible(not pieces)

    def _show_edits(self) -> None:
        state, idle = self._state, self._state.progress is None
        for button, edit, tip in (
            (self.undo, state.undoable, words.undo_tip),
            (self.redo, state.redoable, words.redo_tip),
        ):
            button.setEnabled(idle and bool(edit))
            button.setToolTip(tip(edit))
        self.reviewed.setEnabled(idle)
        self.progress.setVisible(not idle)
        self.bar.setValue(round(100 * (state.progress or 0)))
        reviewed, labelled = (sum(c.values()) for c in (state.reviewed_px, state.labelled_px))
        share = reviewed / state.scene_px if state.scene_px else 0
        self.counts.setText(words.counts(share, reviewed, labelled))
