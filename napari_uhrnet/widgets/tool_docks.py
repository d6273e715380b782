"""The docks beside the panels, each opened by a button."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_uhrnet.widgets.compare.tool import Comparing
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


class ToolDocks:
    """Opens them; each is there once.

    Parameters
    ----------
    shown_image
        The image layer that is chosen, None if there is none.
    update_view
        Brings what the state knows of the view up to date.
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
        """A button for each, below the two panels that they belong to."""
        tip = "Count where two results differ, and go from place to place"
        inspect.add_tool("Compare…", tip, self.open_compare)
        tip = "Probabilities of all classes below the cursor, branch by branch"
        inspect.add_tool("Read-out…", tip, self.open_readout)
        tip = "What each branch sees in the frame in view, as colours"
        inspect.add_tool("Features…", tip, self.open_features)
        tip = "What the patches around a patch changed in its prediction"
        inspect.add_tool("Neighbours…", tip, self.open_neighbours)
        tip = "Go through the scene from the most doubtful part on"
        correct.add_tool("Queue…", tip, self.open_queue)
        tip = "Write what is reviewed as training data or as maps"
        correct.add_tool("Export…", tip, self.open_export)
        tip = "Take a mask, polygons or an export in as corrections"
        correct.add_tool("Import…", tip, self.open_import)
        tip = "Rename, colour, add, merge and remove the classes of the project"
        correct.add_tool("Classes…", tip, self.open_classes)
        tip = "Train the network further on what you marked as reviewed"
        correct.add_tool("Fine-tune…", tip, self.open_finetune)

    def _show_classes(self, active: bool) -> None:
        """The prediction has the look of the project that is open."""
        parts = self._parts
        parts.state.project_classes = parts.correcting.state.classes if active else None

    def open_compare(self) -> ComparePanel:
        """Show the compare panel."""
        p = self._parts
        self._update_view()
        make = partial(
            Comparing,
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
        return self._docks.open("UHRNet compare", make).panel

    def open_readout(self) -> ReadoutPanel:
        """Show what the branches say at the cursor."""
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
        return self._docks.open("UHRNet read-out", make).panel

    def open_features(self) -> FeaturesPanel:
        """Show what each branch made of a frame."""
        p = self._parts
        shown = p.viewer, p.state, p.features
        make = partial(FeaturesTool, *shown, p.image_of, self._update_view)
        return self._docks.open("UHRNet features", make).panel

    def open_neighbours(self) -> NeighboursPanel:
        """Show what local feature fusion changed."""
        p = self._parts
        shown = p.viewer, p.state, p.neighbours
        make = partial(NeighboursTool, *shown, p.image_of, self._update_view)
        return self._docks.open("UHRNet neighbours", make).panel

    def open_queue(self) -> QueuePanel:
        """Show the queue of what to look at next."""
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
        return self._docks.open("UHRNet queue", make).panel

    def open_export(self) -> ExportPanel:
        """Show what can be exported."""
        p = self._parts
        make = partial(ExportTool, p.state, p.correcting, p.settings)
        return self._docks.open("UHRNet export", make).panel

    def open_import(self) -> ImportPanel:
        """Show what can be imported."""
        make = partial(ImportTool, self._parts.state, self._parts.correcting)
        return self._docks.open("UHRNet import", make).panel

    def open_classes(self) -> ClassPanel:
        """Show the classes of the project."""
        return self._docks.open("UHRNet classes", partial(ClassTool, self._parts.correcting)).panel

    def open_finetune(self) -> FineTunePanel:
        """Show what can be learned from the reviewed regions."""
        p = self._parts
        make = partial(FineTuneTool, p.state, p.correcting.state, p.fine_tuning)
        return self._docks.open("UHRNet fine-tune", make).panel
