"""Puts the feature views together with the viewer: one RGB layer for each branch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_uhrnet.widgets.inspect import words
from napari_uhrnet.widgets.inspect.features_panel import FeaturesPanel
from napari_uhrnet.widgets.kit.layer_look import INSIGHT, placement, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_uhrnet.engine.inspect.features import FeaturePicture
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.inspect.feature_view import FeatureViewer, Found
    from napari_uhrnet.session.state import SessionState


class FeaturesTool(QObject):
    """One features panel, from its opening to its end.

    Parameters
    ----------
    image_of
        The image layer that a scene is shown in, None if it is gone.
    update_view
        Brings the view in the state up to date.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        state: SessionState,
        features: FeatureViewer,
        image_of: Callable[[Scene], Image | None],
        update_view: Callable[[], None],
    ) -> None:
        super().__init__()
        self._viewer, self._state, self._features = viewer, state, features
        self._image_of, self._update_view = image_of, update_view
        self._layers: dict[str, Image] = {}
        self.panel = FeaturesPanel(features)
        self._connect()

    def _connect(self) -> None:
        self.panel.show_pressed.connect(self._on_show)
        self.panel.shown_changed.connect(self._on_shown)
        self.panel.closed.connect(self.close)
        self._features.found.connect(self._show)
        self._state.events.scene.connect(self._on_scene)
        self._viewer.layers.events.removed.connect(self._on_removed)

    def close(self) -> None:
        """Disconnect; the layers are removed."""
        self._features.found.disconnect(self._show)
        self._state.events.scene.disconnect(self._on_scene)
        self._clear()
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._features.forget()

    def _on_show(self) -> None:
        self._update_view()
        self._features.show()

    def _on_scene(self) -> None:
        self._features.forget()
        self._clear()

    def _clear(self) -> None:
        for layer in list(self._layers.values()):
            self._viewer.layers.remove(layer)

    def _show(self, found: Found) -> None:
        image = self._image_of(found.scene)
        if image is None or image not in self._viewer.layers:
            return
        shown = {branch: layer.visible for branch, layer in self._layers.items()}
        self._clear()
        with undisturbed(self._viewer):
            for branch, picture in found.view.pictures.items():
                self._add(branch, picture, image, visible=shown.get(branch, True))

    def _add(self, branch: str, picture: FeaturePicture, image: Image, *, visible: bool) -> None:
        layer = self._viewer.add_image(
            picture.rgba,
            name=words.features_layer(branch),
            rgb=True,
            visible=visible,
            interpolation2d="nearest",
            metadata={INSIGHT: branch},
            **placement(image, picture.cell_yx_px, picture.corner_yx_px),
        )
        self._layers[branch] = layer
        layer.events.visible.connect(partial(self._on_visible, branch))
        self._on_visible(branch)

    def _on_shown(self, branch: str, on: bool) -> None:
        self._layers[branch].visible = on

    def _on_visible(self, branch: str, event: Any = None) -> None:
        layer = self._layers.get(branch)
        self.panel.show_layer(branch, None if layer is None else layer.visible)

    def _on_removed(self, event: Any) -> None:
        for branch in words.FEATURE_BRANCHES:
            if self._layers.get(branch) is event.value:
                del self._layers[branch]
                self._on_visible(branch)
