"""The export panel: format, folder, frames and class names, and the export itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QWidget,
)

from napari_uhrnet.export.export import MAP_SUFFIXES
from napari_uhrnet.session.labels.exporting import ExportRequest, free_folder, written_as
from napari_uhrnet.session.labels.words import FORMATS
from napari_uhrnet.widgets.kit.docks import DockPanel
from napari_uhrnet.widgets.kit.panel import Panel
from napari_uhrnet.widgets.labels import words
from napari_uhrnet.widgets.labels.export_classes import ExportClasses
from napari_uhrnet.widgets.labels.export_frames import ExportFrames
from napari_uhrnet.widgets.labels.fields import below, choice, in_a_row

if TYPE_CHECKING:
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window


class ExportPanel(DockPanel):
    """Shows what an export would hold; gives an `ExportRequest`."""

    changed = Signal()
    """An export would hold something else now."""
    start_pressed = Signal()
    stop_pressed = Signal()
    open_pressed = Signal()

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._suggested, self._beside = "", Path()
        self._make_what()
        self.frames = ExportFrames()
        self._make_run()
        self._lay_out()
        self._connect()
        self._show_kind()

    def request(self, classes: ClassTable, scene: str, view: Window | None) -> ExportRequest:
        """What is asked for; UserError if some of it can't be."""
        return ExportRequest(
            self.format.currentData(),
            Path(self.to.text().strip()).expanduser(),
            self.frames.rules(view, whole=self._is_map()),
            written_as(classes, self.classes.rows()),
            scene if self._one_scene() else None,
        )

    def suggest(self, beside: Path) -> None:
        """Offer a new folder beside the project, unless the person has chosen one."""
        self._beside = beside
        if self.to.text() == self._suggested:
            self._suggested = str(free_folder(beside.parent, self._name()))
            self.to.setText(self._suggested)

    def _name(self) -> str:
        return f"{self._beside.stem}-{self.format.currentData()}"

    def _one_scene(self) -> bool:
        # The view and listed windows are those of one image.
        whole = self.frames.is_of_all or self._is_map()
        return self.scenes.currentData() == "one" or not whole

    def _is_map(self) -> bool:
        return self.format.currentData() in MAP_SUFFIXES

    def _make_what(self) -> None:
        titles = {name: title for name, (title, _) in FORMATS.items()}
        self.format = choice("export_format", titles)
        self.format.setToolTip(words.FORMAT_TIP)
        self.purpose = QLabel(objectName="export_purpose", wordWrap=True)
        self.to = QLineEdit(objectName="export_to")
        self.to.setToolTip(words.FOLDER_TIP)
        self.browse = QPushButton(words.CHOOSE, objectName="export_browse")
        self.browse.setToolTip(words.CHOOSE_FOLDER)
        self.browse.setFixedWidth(32)
        self.scenes = choice("export_scenes", words.SCENES)
        self.classes = ExportClasses()

    def _make_run(self) -> None:
        self.preview = QLabel(objectName="export_preview", wordWrap=True)
        self.bar = QProgressBar(objectName="export_progress")
        self.bar.setRange(0, 100)
        self.start = QPushButton(words.START_EXPORT, objectName="export_start")
        self.stop = QPushButton(words.CANCEL, objectName="export_stop")
        self.stop.setToolTip(words.CANCEL_TIP)
        self.open = QPushButton(words.OPEN_FOLDER, objectName="export_open")
        self.message = QLabel(objectName="export_message", wordWrap=True)

    def _lay_out(self) -> None:
        what, classes, run = (Panel(t) for t in (words.EXPORT, words.CLASSES, words.WRITE))
        what.add_row(words.FORMAT, below(self.format, self.purpose))
        what.add_row(words.FOLDER, in_a_row(self.to, self.browse))
        what.add_row(words.IMAGES, self.scenes)
        classes.column.addWidget(self.classes)
        for widget in (self.preview, self.bar, in_a_row(self.start, self.stop), self.message):
            run.column.addWidget(widget)
        run.column.addWidget(self.open)
        for panel in (what, self.frames, classes, run):
            self.column.addWidget(panel)
        self.column.addStretch(1)

    def _connect(self) -> None:
        for combo in (self.format, self.scenes):
            combo.currentIndexChanged.connect(self._on_changed)
        self.to.textChanged.connect(self._on_changed)
        for part in (self.frames, self.classes):
            part.changed.connect(self._on_changed)
        self.browse.clicked.connect(self._on_browse)
        self.start.clicked.connect(self.start_pressed)
        self.stop.clicked.connect(self.stop_pressed)
        self.open.clicked.connect(self.open_pressed)
        self.format.currentIndexChanged.connect(lambda: self.suggest(self._beside))

    def _on_changed(self) -> None:
        self._show_kind()
        self.changed.emit()

    def _on_browse(self) -> None:
        before = str(Path(self.to.text()).parent)
        folder = QFileDialog.getExistingDirectory(self, words.CHOOSE_FOLDER, before)
        if folder:
            self.to.setText(str(free_folder(Path(folder), self._name(), inside=False)))

    def _show_kind(self) -> None:
        _, content = FORMATS[self.format.currentData()]
        self.purpose.setText(f"{content}.")
        self.frames.setVisible(not self._is_map())

    def show_state(self, preview: str, problem: str, share: float | None) -> None:
        """What would be written, or why it can't be; ``share`` of a running export, or None."""
        busy = share is not None
        self.preview.setText(problem or preview)
        self.start.setEnabled(not busy and not problem)
        self.stop.setEnabled(busy)
        self.bar.setVisible(busy)
        self.bar.setValue(round(100 * (share or 0)))
        for panel in (self.frames, self.classes, self.format, self.to, self.scenes):
            panel.setEnabled(not busy)

    def show_end(self, message: str, *, written: bool) -> None:
        """How the last export ended."""
        self.message.setText(message)
        self.message.setVisible(bool(message))
        self.open.setVisible(written)
