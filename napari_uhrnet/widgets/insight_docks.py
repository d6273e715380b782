"""The docks that look into results: compare, read-out, features, neighbours."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_uhrnet.widgets.compare.tool import Comparing
from napari_uhrnet.widgets.inspect.features_tool import FeaturesTool
from napari_uhrnet.widgets.inspect.neighbours_tool import NeighboursTool
from napari_uhrnet.widgets.inspect.readout_tool import ReadoutTool

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari.viewer
    from napari.layers import Image

    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.engine import Engine
    from napari_uhrnet.widgets.compare.panel import ComparePanel
    from napari_uhrnet.widgets.inspect.features_panel import FeaturesPanel
    from napari_uhrnet.widgets.inspect.neighbours_panel import NeighboursPanel
    from napari_uhrnet.widgets.inspect.readout_panel import ReadoutPanel
    from napari_uhrnet.widgets.kit.panel import Panel
    from napari_uhrnet.widgets.main import UHRNetWidget


class InsightDocks:
    """Opens them; each is there once.

    Parameters
    ----------
    dock
        The widget whose scene and answers are looked into.
    shown_image
        The image layer that is chosen, None if there is none.
    image_of
        The image layer that a scene is shown in, None if it is gone.
    update_view
        Brings what the state knows of the view up to date.
    """

    def __init__(
        self,
        dock: UHRNetWidget,
        viewer: napari.viewer.Viewer,
        engine: Engine,
        shown_image: Callable[[], Image | None],
        image_of: Callable[[Scene], Image | None],
        update_view: Callable[[], None],
    ) -> None:
        self._dock, self._viewer, self._engine = dock, viewer, engine
        self._shown_image, self._image_of = shown_image, image_of
        self._update_view = update_view

    def add_buttons(self, panel: Panel) -> None:
        """A button for each."""
        tip = "Count where two results differ, and go from place to place"
        panel.add_tool("Compare…", tip, self.open_compare)
        tip = "Probabilities of all classes below the cursor, branch by branch"
        panel.add_tool("Read-out…", tip, self.open_readout)
        tip = "What each branch sees in the frame in view, as colours"
        panel.add_tool("Features…", tip, self.open_features)
        tip = "What the patches around a patch changed in its answer"
        panel.add_tool("Neighbours…", tip, self.open_neighbours)

    def open_compare(self) -> ComparePanel:
        """Show the compare panel."""
        dock = self._dock
        self._update_view()
        make = partial(
            Comparing,
            self._viewer,
            dock.state,
            dock.overlay,
            dock.comparer,
            dock.answers,
            self._shown_image,
            dock.correcting,
            dock.swipe,
            dock.side_by_side,
        )
        return dock.docks.open("UHRNet compare", make).panel

    def open_readout(self) -> ReadoutPanel:
        """Show what the branches say at the cursor."""
        dock = self._dock
        make = partial(
            ReadoutTool,
            self._viewer,
            dock.state,
            dock.overlay,
            dock.readout,
            self._engine,
            dock.answers,
            self._shown_image,
        )
        return dock.docks.open("UHRNet read-out", make).panel

    def open_features(self) -> FeaturesPanel:
        """Show what each branch made of a frame."""
        dock = self._dock
        shown = self._viewer, dock.state, dock.features
        make = partial(FeaturesTool, *shown, self._image_of, self._update_view)
        return dock.docks.open("UHRNet features", make).panel

    def open_neighbours(self) -> NeighboursPanel:
        """Show what local feature fusion changed."""
        dock = self._dock
        shown = self._viewer, dock.state, dock.neighbours
        make = partial(NeighboursTool, *shown, self._image_of, self._update_view)
        return dock.docks.open("UHRNet neighbours", make).panel
