"""The panel of an export: what is written, where to, and under which names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_uhrnet.export.export import MAP_SUFFIXES
from napari_uhrnet.export.frames.selection import FrameRules
from napari_uhrnet.export.frames.split import PARTS
from napari_uhrnet.session.labels.exporting import (
    PURPOSES,
    ExportRequest,
    frames_in,
    free_folder,
    parse_frames,
    written_as,
)
from napari_uhrnet.widgets.kit.docks import DockPanel
from napari_uhrnet.widgets.kit.panel import Panel, narrow_combo
from napari_uhrnet.widgets.labels.export_classes import ExportClasses

if TYPE_CHECKING:
    from qtpy.QtWidgets import QComboBox

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window

FRAMES = {"all": "All that is reviewed", "view": "In view", "listed": "Listed below"}
UNREVIEWED = {"unknown": "Write as unknown", "leave-out": "Leave such frames out"}
SCENES = {"one": "This image", "all": "All images of the project"}


class ExportPanel(DockPanel):
    """Shows what an export would hold; the person chooses, starts and stops."""

    changed = Signal()
    """Something else would be written now."""
    start_pressed = Signal()
    stop_pressed = Signal()
    open_pressed = Signal()

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._suggested, self._beside = "", Path()
        self._make_what()
        self._make_frames()
        self._make_run()
        self._lay_out()
        self._connect()
        self._show_kind()

    def request(self, classes: ClassTable, scene: str, view: Window | None) -> ExportRequest:
        """What is asked for; UserError if something that was filled in can't be."""
        size, overlap = self.size.value(), self.overlap.value()
        rules = FrameRules(
            size,
            overlap,
            unreviewed=self.unreviewed.currentData(),
            split=tuple(box.value() / 100 for box in self.split),
            windows=self._windows(view, size, overlap),
        )
        return ExportRequest(
            self.format.currentData(),
            Path(self.to.text().strip()).expanduser(),
            rules,
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
        # Places in the view and in a list are of one image.
        whole = self.frames.currentData() == "all" or self._is_map()
        return self.scenes.currentData() == "one" or not whole

    def _is_map(self) -> bool:
        return self.format.currentData() in MAP_SUFFIXES

    def _windows(self, view: Window | None, size: int, overlap: int) -> tuple[Window, ...] | None:
        chosen = self.frames.currentData()
        if self._is_map() or chosen == "all":
            return None
        if chosen == "listed":
            return parse_frames(self.listed.text())
        return frames_in(view, size, min(overlap, size - 1)) if view else ()

    def _make_what(self) -> None:
        titles = {name: text.partition(": ")[0] for name, text in PURPOSES.items()}
        self.format = _choice("export_format", titles)
        self.format.setToolTip("The first eight hold frames, the last four whole images")
        self.purpose = QLabel(objectName="export_purpose", wordWrap=True)
        self.to = QLineEdit(objectName="export_to")
        self.to.setToolTip("A new or empty folder")
        self.browse = QPushButton("…", objectName="export_browse")
        self.browse.setFixedWidth(32)
        self.scenes = _choice("export_scenes", SCENES)
        self.classes = ExportClasses()

    def _make_frames(self) -> None:
        self.frames = _choice("export_frames", FRAMES)
        self.listed = QLineEdit(objectName="export_listed")
        self.listed.setPlaceholderText("y, x, height, width; y, x, …")
        self.listed.setToolTip("Frames in pixels of the image, with semicolons between")
        self.size = QSpinBox(objectName="export_size", suffix=" px")
        self.size.setRange(16, 16384)
        self.size.setValue(1024)
        self.overlap = QSpinBox(objectName="export_overlap", suffix=" px")
        self.overlap.setRange(0, 8192)
        self.overlap.setToolTip("Least overlap of neighbouring frames")
        self.split = tuple(QSpinBox(objectName=f"export_{part}", suffix=" %") for part in PARTS)
        for box, part, value in zip(self.split, PARTS, (100, 0, 0), strict=True):
            box.setRange(0, 100)
            box.setValue(value)
            box.setToolTip(f"Share of {part}; whole regions, so that neighbours do not leak")
        self.unreviewed = _choice("export_unreviewed", UNREVIEWED)
        self.unreviewed.setToolTip("What becomes of pixels that nobody has reviewed")

    def _make_run(self) -> None:
        self.preview = QLabel(objectName="export_preview", wordWrap=True)
        self.bar = QProgressBar(objectName="export_progress")
        self.bar.setRange(0, 100)
        self.start = QPushButton("Export", objectName="export_start")
        self.stop = QPushButton("Cancel", objectName="export_stop")
        self.stop.setToolTip("Stop; nothing that is half written stays")
        self.open = QPushButton("Open folder", objectName="export_open")
        self.message = QLabel(objectName="export_message", wordWrap=True)

    def _lay_out(self) -> None:
        what, frames, classes, run = (Panel(t) for t in ("Export", "Frames", "Classes", "Write"))
        what.add_row("Format", _below(self.format, self.purpose))
        what.add_row("Folder", _in_a_row(self.to, self.browse))
        what.add_row("Images", self.scenes)
        for title, field in (
            ("Which", _below(self.frames, self.listed)),
            ("Size", self.size),
            ("Overlap", self.overlap),
            ("Unreviewed", self.unreviewed),
        ):
            frames.add_row(title, field)
        for part, box in zip(PARTS, self.split, strict=True):
            frames.add_row(part.capitalize(), box)
        classes.column.addWidget(self.classes)
        for widget in (self.preview, self.bar, _in_a_row(self.start, self.stop), self.message):
            run.column.addWidget(widget)
        run.column.addWidget(self.open)
        self.frame_panel = frames
        for panel in (what, frames, classes, run):
            self.column.addWidget(panel)
        self.column.addStretch(1)

    def _connect(self) -> None:
        for combo in (self.format, self.scenes, self.frames, self.unreviewed):
            combo.currentIndexChanged.connect(self._on_changed)
        for box in (self.size, self.overlap, *self.split):
            box.valueChanged.connect(self._on_changed)
        for line in (self.to, self.listed):
            line.textChanged.connect(self._on_changed)
        self.classes.changed.connect(self._on_changed)
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
        folder = QFileDialog.getExistingDirectory(self, "Folder to write into", before)
        if folder:
            self.to.setText(str(free_folder(Path(folder), self._name(), inside=False)))

    def _show_kind(self) -> None:
        purpose = PURPOSES[self.format.currentData()].partition(": ")[2]
        self.purpose.setText(f"{purpose[0].upper()}{purpose[1:]}.")
        self.frame_panel.setVisible(not self._is_map())
        self.listed.setVisible(self.frames.currentData() == "listed")

    def show_state(self, preview: str, problem: str, share: float | None) -> None:
        """What would be written, or why it can't be; ``share`` of a running export, or None."""
        busy = share is not None
        self.preview.setText(problem or preview)
        self.start.setEnabled(not busy and not problem)
        self.stop.setEnabled(busy)
        self.bar.setVisible(busy)
        self.bar.setValue(round(100 * (share or 0)))
        for panel in (self.frame_panel, self.classes, self.format, self.to, self.scenes):
            panel.setEnabled(not busy)

    def show_end(self, message: str, *, written: bool) -> None:
        """How the last export ended."""
        self.message.setText(message)
        self.message.setVisible(bool(message))
        self.open.setVisible(written)


def _choice(name: str, titles: dict[str, str]) -> QComboBox:
    combo = narrow_combo(name)
    for key, title in titles.items():
        combo.addItem(title, key)
    return combo


def _in_a_row(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        row.addWidget(widget, 1)
    return holder


def _below(*widgets: QWidget) -> QWidget:
    """One field of several: a hidden one leaves no gap."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    return holder
