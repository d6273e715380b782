"""Import labels from a file as corrections of the present scene: the panel and its tool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from napari_uhrnet.datasets.class_tables import find_class_table, shipped_tables
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.labels.importing import import_mask
from napari_uhrnet.widgets.kit.docks import DockPanel
from napari_uhrnet.widgets.kit.panel import Panel, narrow_combo
from napari_uhrnet.widgets.labels import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.correct.tool import Correcting


class ImportPanel(DockPanel):
    """Which file, its class table, and whether its labels are reviewed."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.path = QLineEdit(objectName="import_path")
        self.file = QPushButton(words.FILE, objectName="import_file")
        self.folder = QPushButton(words.IMPORT_FOLDER, objectName="import_folder")
        self.folder.setToolTip(words.IMPORT_FOLDER_TIP)
        self.classes = narrow_combo("import_classes")
        self.classes.addItem(words.PROJECT_CLASSES, None)
        for name in shipped_tables():
            self.classes.addItem(name, name)
        self.classes.setToolTip(words.TABLE_TIP)
        self.reviewed = QCheckBox(words.REVIEWED, objectName="import_reviewed")
        self.reviewed.setToolTip(words.REVIEWED_TIP)
        self.start = QPushButton(words.START_IMPORT, objectName="import_start")
        self.message = QLabel(words.IMPORT_HINT, objectName="import_message", wordWrap=True)
        box, buttons = Panel(words.IMPORT), QHBoxLayout()
        for button in (self.file, self.folder):
            buttons.addWidget(button, 1)
        box.add_row(words.FROM, self.path)
        box.column.addLayout(buttons)
        more = Panel(words.OPTIONS)
        more.add_row(words.CLASSES, self.classes)
        more.add_row("", self.reviewed)
        more.column.addWidget(self.start)
        more.column.addWidget(self.message)
        self.column.addWidget(box)
        self.column.addWidget(more)
        self.column.addStretch(1)
        self.file.clicked.connect(self._on_file)
        self.folder.clicked.connect(self._on_folder)

    def _on_file(self) -> None:
        before = self.path.text()
        file, _ = QFileDialog.getOpenFileName(self, words.FILE_DIALOG, before, words.FILE_KINDS)
        if file:
            self.path.setText(file)

    def _on_folder(self) -> None:
        before = self.path.text()
        folder = QFileDialog.getExistingDirectory(self, words.IMPORT_FOLDER_DIALOG, before)
        if folder:
            self.path.setText(folder)


class ImportTool(QObject):
    """One import panel; progress and cancel are the Correct panel's."""

    def __init__(self, session: SessionState, correcting: Correcting) -> None:
        super().__init__()
        self._session, self._correcting = session, correcting
        self._count: int | None = None
        self._notes: list[str] = []
        self.panel = ImportPanel()
        state = correcting.state.events
        self._events = (state.active, state.progress, state.message)
        for event in self._events:
            event.connect(self._show)
        self.panel.path.textChanged.connect(self._show)
        self.panel.start.clicked.connect(self._on_start)
        self.panel.closed.connect(self.close)
        self._show()

    def close(self) -> None:
        """Listen no more; a running import continues."""
        for event in self._events:
            event.disconnect(self._show)

    def _on_start(self) -> None:
        scene, open_ = self._session.scene, self._correcting.opened
        corrected = self._correcting.scene
        if scene is None or open_ is None or corrected is None:
            return
        mask, name = Path(self.panel.path.text().strip()).expanduser(), self._chosen_table()
        reviewed = self.panel.reviewed.isChecked()
        self._count, self._correcting.state.message = None, ""

        def edit(report: Callable[[float], None]) -> None:
            table = None if name is None else find_class_table(name)
            self._notes.clear()
            self._count = import_mask(
                open_.journal,
                mask,
                scene,
                table,
                reviewed=reviewed,
                progress=report,
                note=self._notes.append,
            )

        corrected.regions.ended.connect(self._on_ended)
        try:
            corrected.regions.run(edit, Window.of_shape(scene.shape_yx))
        except UserError as error:
            self.panel.message.setText(str(error))

    def _chosen_table(self) -> str | None:
        name: str | None = self.panel.classes.currentData()
        return name

    def _on_ended(self) -> None:
        corrected, scene = self._correcting.scene, self._session.scene
        if corrected is not None:
            corrected.regions.ended.disconnect(self._on_ended)
        if self._count is not None and scene is not None:
            share = self._count / (scene.shape_yx[0] * scene.shape_yx[1])
            self._correcting.state.message = words.imported(share, dict.fromkeys(self._notes))

    def _show(self) -> None:
        state, panel = self._correcting.state, self.panel
        busy = state.progress is not None
        panel.start.setEnabled(state.active and not busy and bool(panel.path.text().strip()))
        if not state.active:
            panel.message.setText(words.IMPORT_CLOSED)
        else:
            panel.message.setText(words.IMPORTING if busy else state.message or words.IMPORT_HINT)
