"""Layers of labels beside the prediction: branches side by side, uncertainty, a pair of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_uhrnet.widgets.kit.layer_look import undisturbed

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer
    from napari.utils.colormaps import DirectLabelColormap


class FurtherLayers(QObject):
    """Layers by key; the `Overlay` has one and refreshes it."""

    gone = Signal(str)
    """Key of a layer that was removed, by a hand or by this program."""

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layers: dict[str, Labels] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._layers

    def layer(self, key: str) -> Labels | None:
        """The layer of a key, if there is one."""
        return self._layers.get(key)

    def holds(self, layer: Layer) -> bool:
        """Whether a layer is one of these."""
        return any(layer is own for own in self._layers.values())

    def show(self, key: str, above: Layer, data: Any, **kwargs: Any) -> Labels:
        """Add a layer right above another one, in the place of the key's old one.

        Parameters
        ----------
        data
            (height, width) uint8 labels, or a list of levels of them.
        **kwargs
            Further arguments of napari's ``add_labels``.
        """
        self.remove(key)
        with undisturbed(self._viewer):
            layer = self._viewer.add_labels(data, multiscale=isinstance(data, list), **kwargs)
            layer.editable = False
            layers = self._viewer.layers
            layers.move(len(layers) - 1, layers.index(above) + 1)
        self._layers[key] = layer
        return layer

    def remove(self, *keys: str) -> None:
        """Remove the layers of these keys, if they are there."""
        for key in keys:
            if (layer := self._layers.get(key)) is not None:
                self._viewer.layers.remove(layer)

    def clear(self) -> None:
        """Remove all of them."""
        self.remove(*self._layers)

    def refresh(self, *keys: str) -> None:
        """Show what their data are now; all of them by default."""
        for key in keys or tuple(self._layers):
            if (layer := self._layers.get(key)) is not None:
                layer.refresh(extent=False, thumbnail=False)

    def recolour(self, prefix: str, colours: DirectLabelColormap) -> None:
        """Give all layers whose key begins so these colours."""
        for key, layer in self._layers.items():
            if key.startswith(prefix):
                layer.colormap = colours

    def forget(self, layer: Layer) -> None:
        """A layer was removed from the viewer."""
        for key, own in list(self._layers.items()):
            if own is layer:
                del self._layers[key]
                self.gone.emit(key)
