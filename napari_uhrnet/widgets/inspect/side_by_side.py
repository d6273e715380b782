"""The image and the prediction of each branch, each in its own cell of napari's grid."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_uhrnet.widgets.inspect.uncertainty import SHADES
from napari_uhrnet.widgets.kit.before import Before
from napari_uhrnet.widgets.kit.layer_look import class_colormap, is_insight, placement
from napari_uhrnet.widgets.kit.view import level0_shape
from napari_uhrnet.widgets.segment.words import BRANCHES

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.session.compare.other_predictions import OtherPredictions
    from napari_uhrnet.session.engine import Workspace
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.segment.overlay import Overlay

PREFIX = "cell "
GAP_PX = 4
ORDER = ("global", "local", "fused")


class SideBySide(QObject):
    """Turns the grid on and restores the viewer afterwards.

    All cells share napari's camera. The final predictions of other networks used before get a cell
    each, and so do layers of labels that cover the scene, such as ground truth, and visible layers
    of uncertainty, features and neighbours.
    """

    changed = Signal(bool)
    """Whether the cells are shown."""

    def __init__(
        self,
        viewer: ViewerModel,
        state: SessionState,
        overlay: Overlay,
        predictions: OtherPredictions,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._state, self._overlay = viewer, state, overlay
        self._predictions = predictions
        self._before: Before | None = None
        self._cells: dict[str, ClassTable] = {}
        self._stores = ExitStack()
        state.events.hidden.connect(self._on_colours)
        state.events.project_classes.connect(self._on_colours)
        overlay.workspace_changed.connect(self._on_workspace)

    @property
    def is_on(self) -> bool:
        """Whether the cells are shown."""
        return self._before is not None

    def enter(self) -> bool:
        """Show the cells; False if there is no prediction to show."""
        where, image = self._overlay.where, self._overlay.image
        if self.is_on or where is None or image is None:
            return self.is_on
        viewer = self._viewer
        self._before = Before(viewer)
        size = np.asarray(viewer.canvas.viewbox_size(viewer.layers), float)
        # Each goes right above the image, below those before.
        for k, other in reversed(list(enumerate(self._predictions.beside(where)))):
            opened = self._stores.enter_context(other.opened())
            # Of a variant of this network, only what is different about it: cells are narrow.
            title = other.model.name.removeprefix(f"{where.model.name} ")
            self._add_cell(f"other {k}", "fused", title, opened, image)
        for branch in reversed(_ordered(where.model.branches)):
            self._add_cell(branch, branch, BRANCHES[branch], where, image)
        for layer in viewer.layers:
            layer.visible = self._has_cell(layer, image)
            layer.name_overlay.visible = layer.visible
            if layer.visible:
                # There is nothing behind it to be seen.
                layer.opacity = 1.0
        viewer.layers.events.inserted.connect(self._on_inserted)
        grid = viewer.canvas.grid
        grid.stride, grid.shape, grid.spacing, grid.enabled = 1, (-1, -1), GAP_PX, True
        cell = np.asarray(viewer.canvas.viewbox_size(viewer.layers), float)
        # The same part of the image in each cell as before in the whole canvas.
        viewer.scene.camera.zoom *= float(np.min(cell / size))
        self.changed.emit(True)
        return True

    def leave(self) -> None:
        """Restore the viewer."""
        before, self._before = self._before, None
        if before is None:
            return
        self._overlay.further.remove(*self._cells)
        self._cells.clear()
        self._stores.close()
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        for layer in self._viewer.layers:
            layer.name_overlay.visible = False
        before.restore()
        self.changed.emit(False)

    def _add_cell(self, key: str, branch: str, title: str, where: Workspace, image: Image) -> None:
        classes = self._state.restyled(where.model.classes)
        self._cells[PREFIX + key] = where.model.classes
        self._overlay.further.show(
            PREFIX + key,
            image,
            where.store.levels(f"{branch}/labels"),
            name=title,
            opacity=1.0,
            colormap=class_colormap(classes, self._state.hidden),
            features={"index": classes.ids, "class": list(classes.names.values())},
            **placement(image, where.layout.inference.factor_yx),
        )

    def _has_cell(self, layer: Layer, image: Image) -> bool:
        from napari.layers import Labels

        further = self._overlay.further
        if further.holds(layer):
            keys = (*SHADES, *self._cells)
            return layer.visible and any(layer is further.layer(key) for key in keys)
        if layer is image:
            return True
        if is_insight(layer):
            return bool(layer.visible)
        is_map = isinstance(layer, Labels) and not self._overlay.owns(layer)
        return is_map and layer.ndim == 2 and level0_shape(layer) == level0_shape(image)

    def _on_inserted(self, event: Any) -> None:
        event.value.name_overlay.visible = True

    def _on_colours(self) -> None:
        for key, classes in self._cells.items():
            colours = class_colormap(self._state.restyled(classes), self._state.hidden)
            self._overlay.further.recolour(key, colours)

    def _on_workspace(self) -> None:
        if self.is_on:
            self.leave()
            self.enter()


def _ordered(branches: tuple[str, ...]) -> list[str]:
    return [branch for branch in ORDER if branch in branches]
