"""The layers of the predictions: the only place that adds or refreshes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.areas import class_areas
from napari_uhrnet.widgets.kit.layer_look import class_colormap, placement, undisturbed
from napari_uhrnet.widgets.segment import words
from napari_uhrnet.widgets.segment.further_layers import FurtherLayers

if TYPE_CHECKING:
    from collections.abc import Callable

    import zarr
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer, Shapes

    from napari_uhrnet.engine.passes.coarse import CoarseTile
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.controller import Controller
    from napari_uhrnet.session.engine import Workspace
    from napari_uhrnet.session.state import SessionState

REFRESH_MS = 200
"""Layers and shares are brought up to date at most this often."""


class Overlay(QObject):
    """Shows a workspace's store over the image it was made from.

    Parameters
    ----------
    image_of
        The image layer that a scene is shown in, None if it is gone.
    """

    workspace_changed = Signal()
    """Another workspace is shown; the further layers of the last one are gone."""
    refreshed = Signal()
    """The layers show what is in the store now."""

    def __init__(
        self,
        viewer: ViewerModel,
        state: SessionState,
        controller: Controller,
        image_of: Callable[[Scene], Image | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._state, self._image_of = viewer, state, image_of
        self._where: Workspace | None = None
        self._labels: Labels | None = None
        self._coarse: Labels | None = None
        self._shapes: Shapes | None = None
        self.further = FurtherLayers(viewer, self)
        self.is_leaving = False
        """Whether layers go because their workspace does."""
        self._timer = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        controller.workspace_opened.connect(self.show_workspace)
        controller.coarse_ready.connect(self.show_coarse)
        controller.pixels_changed.connect(self._on_pixels_changed)
        state.events.branch.connect(self._on_branch)
        state.events.hidden.connect(self._on_colours)
        state.events.project_classes.connect(self._on_colours)
        state.events.opacity.connect(self._on_opacity)
        viewer.layers.events.removed.connect(self._on_removed)

    def close(self) -> None:
        """Let go of the viewer; the layers stay."""
        self._timer.stop()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    @property
    def where(self) -> Workspace | None:
        """The workspace that is shown."""
        return self._where

    @property
    def labels(self) -> Labels | None:
        """The layer of the prediction."""
        return self._labels

    @property
    def top(self) -> Layer | None:
        """The layer that more of the same scene is put on: the prediction, else the image."""
        return self.image if self._labels is None else self._labels

    def owns(self, layer: Layer) -> bool:
        """Whether a layer shows what the session found, not what the person opened."""
        own = (self._labels, self._coarse, self._shapes)
        return any(layer is mine for mine in own) or self.further.holds(layer)

    @property
    def image(self) -> Image | None:
        """The image layer below the prediction."""
        return None if self._where is None else self._shown_image(self._where.scene)

    def _shown_image(self, scene: Scene) -> Image | None:
        image = self._image_of(scene)
        return image if image in self._viewer.layers else None

    def show_workspace(self, where: Workspace) -> None:
        """Show what the store of a workspace holds."""
        if self._labels is not None and self._where is where:
            return
        image = self._shown_image(where.scene)
        is_other = self._where is not where
        if is_other:
            self._leave_workspace(image)
        self._where = where
        if image is not None:
            self._add_prediction(image, where)
        if is_other:
            self.workspace_changed.emit()

    def _add_prediction(self, image: Image, where: Workspace) -> None:
        with undisturbed(self._viewer):
            self._labels = self._add_over(
                image,
                self._levels(),
                name=words.prediction_layer(where.model.card.family, self._state.branch),
                multiscale=True,
                **placement(image, where.layout.inference.factor_yx),
            )
        self._labels.events.opacity.connect(self._on_layer_opacity)
        self.refresh()

    def _leave_workspace(self, image: Image | None) -> None:
        """Over the same image the next prediction takes the old one's place; its store is kept."""
        self.is_leaving = True
        self.further.clear()
        self.is_leaving = False
        old = (self._labels, self._coarse)
        same_image = image is not None and self.image is image
        self._labels = self._coarse = None
        for layer in old:
            if same_image and layer is not None and layer in self._viewer.layers:
                self._viewer.layers.remove(layer)

    def show_coarse(self, tile: CoarseTile) -> None:
        """Put the coarse prediction of a frame into its layer, under the other one."""
        from napari_uhrnet.engine.passes.coarse import coarse_grid

        if self._where is None:
            return
        if self._coarse is None:
            grid = coarse_grid(self._where.layout)
            image = self.image
            if image is None:
                return
            with undisturbed(self._viewer):
                self._coarse = self._add_over(
                    image,
                    np.full(grid.shape_yx, NOTHING, np.uint8),
                    name=words.coarse_layer(self._where.model.card.family),
                    **placement(image, grid.factor_yx),
                )
        self._coarse.data[tile.window.slices] = tile.labels
        self._on_pixels_changed()

    def rectangle_layer(self, scene: Scene) -> Shapes | None:
        """The layer to draw a rectangle in, ready to draw; its data are level-0 pixels."""
        image = self._shown_image(scene)
        if image is None:
            return None
        if self._shapes is None:
            self._shapes = self._viewer.add_shapes(
                name=words.REGION_LAYER,
                face_color="transparent",
                edge_color="yellow",
                edge_width=max(scene.shape_yx) / 500,
                **placement(image, (1, 1)),
            )
        self._viewer.layers.selection.active = self._shapes
        self._shapes.mode = "add_rectangle"
        return self._shapes

    def _give_way(self) -> None:
        """Clear the coarse prediction where the store holds the final one."""
        if self._where is None or self._coarse is None:
            return
        rectangles = self._where.layout.rectangles
        places = (
            np.searchsorted(edges, (np.arange(n) + 0.5) * edges[-1] / n, side="right") - 1
            for edges, n in zip(rectangles.edges_yx, self._coarse.data.shape, strict=True)
        )
        self._coarse.data[self._where.store.finished()[np.ix_(*places)]] = NOTHING

    def refresh(self) -> None:
        """Show what is in the store now."""
        self._give_way()
        for layer in (self._labels, self._coarse):
            if layer is not None:
                layer.refresh(extent=False, thumbnail=False)
        self.further.refresh()
        if self._where is not None:
            counts = self._where.store.class_counts(self._plane)
            self._state.areas_px = class_areas(counts)
        self.refreshed.emit()

    def _levels(self) -> list[zarr.Array]:
        assert self._where is not None
        # Raw zarr arrays: napari would show stale pixels of dask arrays over a growing store.
        return self._where.store.levels(self._plane)

    @property
    def _plane(self) -> str:
        return f"{self._state.branch}/labels"

    def _add_over(self, image: Image, data: Any, **kwargs: Any) -> Labels:
        assert self._where is not None
        classes = self._state.restyled(self._where.model.classes)
        layer = self._viewer.add_labels(
            data,
            colormap=class_colormap(classes, self._state.hidden),
            features={"index": classes.ids, "class": list(classes.names.values())},
            opacity=self._state.opacity,
            **kwargs,
        )
        layer.editable = False
        # Right above its image, so that what the user put on top stays on top.
        self._viewer.layers.move(len(self._viewer.layers) - 1, self._viewer.layers.index(image) + 1)
        return layer

    def _on_pixels_changed(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _on_branch(self, branch: str) -> None:
        if self._where is None or self._labels is None:
            return
        self._labels.data = self._levels()
        self._labels.name = words.prediction_layer(self._where.model.card.family, branch)
        self.refresh()

    def _on_colours(self) -> None:
        for layer in (self._labels, self._coarse):
            if layer is not None and self._where is not None:
                classes = self._state.restyled(self._where.model.classes)
                layer.colormap = class_colormap(classes, self._state.hidden)

    def _on_opacity(self, opacity: float) -> None:
        for layer in (self._labels, self._coarse):
            if layer is not None:
                layer.opacity = opacity

    def _on_layer_opacity(self) -> None:
        if self._labels is not None:
            self._state.opacity = self._labels.opacity

    def _on_removed(self, event: Any) -> None:
        if event.value is self._labels:
            self._labels = None
        elif event.value is self._coarse:
            self._coarse = None
        elif event.value is self._shapes:
            self._shapes = None
        else:
            self.further.forget(event.value)
