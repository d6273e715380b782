"""The docks for labels and classes of a project: export, import, class table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_uhrnet.widgets.labels.class_tool import ClassTool
from napari_uhrnet.widgets.labels.export_tool import ExportTool
from napari_uhrnet.widgets.labels.import_tool import ImportTool

if TYPE_CHECKING:
    from qtpy.QtCore import QSettings

    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.correct.tool import Correcting
    from napari_uhrnet.widgets.kit.docks import Docks
    from napari_uhrnet.widgets.kit.panel import Panel
    from napari_uhrnet.widgets.labels.class_panel import ClassPanel
    from napari_uhrnet.widgets.labels.export_panel import ExportPanel
    from napari_uhrnet.widgets.labels.import_tool import ImportPanel


class LabelDocks:
    """Opens them; each is there once."""

    def __init__(
        self, docks: Docks, session: SessionState, correcting: Correcting, settings: QSettings
    ) -> None:
        self._docks, self._session, self._settings = docks, session, settings
        self._correcting = correcting
        correcting.state.events.active.connect(self._show_classes)

    def add_buttons(self, panel: Panel) -> None:
        """A button for each."""
        tip = "Write what is reviewed as training data or as maps"
        panel.add_tool("Export…", tip, self.open_export)
        tip = "Take a mask, polygons or an export in as corrections"
        panel.add_tool("Import…", tip, self.open_import)
        tip = "Rename, colour, add, merge and remove the classes of the project"
        panel.add_tool("Classes…", tip, self.open_classes)

    def _show_classes(self, active: bool) -> None:
        """The answer has the look of the project that is open."""
        self._session.project_classes = self._correcting.state.classes if active else None

    def open_export(self) -> ExportPanel:
        """Show what can be exported."""
        make = partial(ExportTool, self._session, self._correcting, self._settings)
        return self._docks.open("UHRNet export", make).panel

    def open_import(self) -> ImportPanel:
        """Show what can be imported."""
        make = partial(ImportTool, self._session, self._correcting)
        return self._docks.open("UHRNet import", make).panel

    def open_classes(self) -> ClassPanel:
        """Show the classes of the project."""
        return self._docks.open("UHRNet classes", partial(ClassTool, self._correcting)).panel
