"""The docks beside the main one, each opened by a button."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_uhrnet.widgets import words
from napari_uhrnet.widgets.compare.tool import CompareTool
from napari_uhrnet.widgets.finetune.tool import FineTuneTool
from napari_uhrnet.widgets.inspect.features_tool import FeaturesTool
from napari_uhrnet.widgets.inspect.neighbours_tool import NeighboursTool
from napari_uhrnet.widgets.inspect.readout_tool import ReadoutTool
from napari_uhrnet.widgets.labels.class_tool import ClassTool
from napari_uhrnet.widgets.labels.export_tool import ExportTool
from napari_uhrnet.widgets.labels.import_tool import ImportTool
from napari_uhrnet.widgets.queue.tool import QueueTool

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Image

    from napari_uhrnet.widgets.compare.panel import ComparePanel
    from napari_uhrnet.widgets.composition import Parts
    from napari_uhrnet.widgets.finetune.panel import FineTunePanel
    from napari_uhrnet.widgets.inspect.features_panel import FeaturesPanel
    from napari_uhrnet.widgets.inspect.neighbours_panel import NeighboursPanel
    from napari_uhrnet.widgets.inspect.readout_panel import ReadoutPanel
    from napari_uhrnet.widgets.kit.docks import Docks
    from napari_uhrnet.widgets.kit.panel import Panel
    from napari_uhrnet.widgets.labels.class_panel import ClassPanel
    from napari_uhrnet.widgets.labels.export_panel import ExportPanel
    from napari_uhrnet.widgets.labels.import_tool import ImportPanel
    from napari_uhrnet.widgets.queue.panel import QueuePanel
    from napari_uhrnet.widgets.words import ToolWords

    _Tools = dict[str, tuple[ToolWords, Callable[[], object]]]


class ToolDocks:
    """Opens them; each is there once.

    Parameters
    ----------
    shown_image
        The image layer that is chosen, None if there is none.
    update_view
        Brings the view in the state up to date.
    """

    def __init__(
        self,
        docks: Docks,
        parts: Parts,
        shown_image: Callable[[], Image | None],
        update_view: Callable[[], None],
    ) -> None:
        self._docks, self._parts = docks, parts
        self._shown_image, self._update_view = shown_image, update_view
        parts.correcting.state.events.active.connect(self._show_classes)

    def add_buttons(self, inspect: Panel, correct: Panel) -> None:
        """A button for each, below the panel that it belongs to."""
        inspect_tools: _Tools = {
            "compare": (words.COMPARE, self.open_compare),
            "read_out": (words.READ_OUT, self.open_readout),
            "features": (words.FEATURES, self.open_features),
            "neighbours": (words.NEIGHBOURS, self.open_neighbours),
        }
        correct_tools: _Tools = {
            "queue": (words.QUEUE, self.open_queue),
            "export": (words.EXPORT, self.open_export),
            "import": (words.IMPORT, self.open_import),
            "classes": (words.CLASSES, self.open_classes),
            "fine_tune": (words.FINE_TUNE, self.open_finetune),
        }
        for panel, tools in ((inspect, inspect_tools), (correct, correct_tools)):
            for name, (text, pressed) in tools.items():
                panel.add_tool(name, text.button, text.tip, pressed)

    def _show_classes(self, active: bool) -> None:
        """The prediction has the class names and colours of the project that is open."""
        parts = self._parts
        parts.state.project_classes = parts.correcting.state.classes if active else None

    def open_compare(self) -> ComparePanel:
        """Show the compare panel."""
        p = self._parts
        self._update_view()
        make = partial(
            CompareTool,
            p.viewer,
            p.state,
            p.overlay,
            p.comparer,
            p.predictions,
            self._shown_image,
            p.correcting,
            p.swipe,
            p.side_by_side,
        )
        return self._docks.open(words.COMPARE.dock, make).panel

    def open_readout(self) -> ReadoutPanel:
        """Show the probabilities at the cursor."""
        p = self._parts
        make = partial(
            ReadoutTool,
            p.viewer,
            p.state,
            p.overlay,
            p.readout,
            p.models,
            p.predictions,
            self._shown_image,
        )
        return self._docks.open(words.READ_OUT.dock, make).panel

    def open_features(self) -> FeaturesPanel:
        """Show the features of a frame."""
        p = self._parts
        shown = p.viewer, p.state, p.features
        make = partial(FeaturesTool, *shown, p.image_of, self._update_view)
        return self._docks.open(words.FEATURES.dock, make).panel

    def open_neighbours(self) -> NeighboursPanel:
        """Show the influence of neighbours."""
        p = self._parts
        shown = p.viewer, p.state, p.neighbours
        make = partial(NeighboursTool, *shown, p.image_of, self._update_view)
        return self._docks.open(words.NEIGHBOURS.dock, make).panel

    def open_queue(self) -> QueuePanel:
        """Show the queue of parts to review."""
        p = self._parts
        make = partial(
            QueueTool,
            p.viewer,
            p.state,
            p.overlay,
            p.correcting,
            p.ranker,
            p.predictions,
            self._shown_image,
        )
        return self._docks.open(words.QUEUE.dock, make).panel

    def open_export(self) -> ExportPanel:
        """Show what can be exported."""
        p = self._parts
        make = partial(ExportTool, p.state, p.correcting, p.settings)
        return self._docks.open(words.EXPORT.dock, make).panel

    def open_import(self) -> ImportPanel:
        """Show what can be imported."""
        make = partial(ImportTool, self._parts.state, self._parts.correcting)
        return self._docks.open(words.IMPORT.dock, make).panel

    def open_classes(self) -> ClassPanel:
        """Show the classes of the project."""
        return self._docks.open(
            words.CLASSES.dock, partial(ClassTool, self._parts.correcting)
        ).panel

    def open_finetune(self) -> FineTunePanel:
        """Show fine-tuning on the reviewed regions."""
        p = self._parts
        make = partial(FineTuneTool, p.state, p.correcting.state, p.fine_tuning)
        return self._docks.open(words.FINE_TUNE.dock, make).panel
