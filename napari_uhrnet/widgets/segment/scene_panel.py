"""Which picture is segmented, how large it is, and how large its pixels are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QLineEdit, QWidget

from napari_uhrnet.session.wording import length
from napari_uhrnet.widgets.kit.panel import Panel, narrow_combo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Image

    from napari_uhrnet.session.state import SessionState


class ScenePanel(Panel):
    """Shows the scene; the person chooses the layer and may say the pixel size."""

    layer_chosen = Signal(object)
    """The image layer that is to be segmented, None if there is none."""

    def __init__(self, state: SessionState, *, parent: QWidget | None = None) -> None:
        super().__init__("Scene", parent=parent)
        self._state = state
        self.layers = narrow_combo("layer")
        self.layers.setToolTip("The image layer that is segmented")
        self.size = QLabel(objectName="size")
        self.pixel_size = QLineEdit(objectName="pixel_size")
        self.pixel_size.setToolTip(
            "Metres on the ground per pixel of the image. The network sees the image scaled to\n"
            "the pixel size it was trained with, so a wrong number gives wrong classes.\n"
            "Empty: what the file says, else the checkpoint's own."
        )
        self.hint = QLabel(objectName="pixel_size_hint", wordWrap=True)
        self.add_row("Image", self.layers)
        self.add_row("Size", self.size)
        self.add_row("Pixel size", self.pixel_size)
        self.column.addWidget(self.hint)
        self.layers.currentIndexChanged.connect(self._on_layer_chosen)
        self.pixel_size.editingFinished.connect(self._on_pixel_size_typed)
        for field in ("scene", "pixel_size_m", "card"):
            getattr(state.events, field).connect(self._show)
        self._show()

    def layer(self) -> Image | None:
        """The chosen layer."""
        layer: Image | None = self.layers.currentData()
        return layer

    def set_layers(self, layers: Sequence[Image]) -> None:
        """Offer these layers; the chosen one stays chosen if it is among them, else the last."""
        before = self.layer()
        self.layers.blockSignals(True)
        self.layers.clear()
        for layer in layers:
            self.layers.addItem(layer.name, layer)
        if not layers:
            self.layers.addItem("no image open", None)
        self.layers.setEnabled(bool(layers))
        kept = before in layers
        self.layers.setCurrentIndex(layers.index(before) if kept else max(0, len(layers) - 1))
        self.layers.blockSignals(False)
        if not kept:
            self._on_layer_chosen()

    def _on_layer_chosen(self) -> None:
        self.layer_chosen.emit(self.layer())

    def _on_pixel_size_typed(self) -> None:
        text = self.pixel_size.text().strip().lower().replace(",", ".")
        text = text.removesuffix("m/px").removesuffix("m").strip()
        if not text:
            self._state.pixel_size_m = None
            self._show()
            return
        try:
            metres = float(text)
        except ValueError:
            self.hint.setText(f"“{text}” is no number: type metres per pixel, e.g. 0.5")
            self.hint.show()
            return
        scene = self._state.scene
        is_own = scene is not None and metres == scene.pixel_size_m
        self._state.pixel_size_m = None if is_own else metres

    def _show(self) -> None:
        state, scene = self._state, self._state.scene
        own = scene.pixel_size_m if scene else None
        metres = state.pixel_size_m if state.pixel_size_m is not None else own
        self.pixel_size.setText("" if metres is None else f"{metres:.6g}")
        self.pixel_size.setEnabled(scene is not None)
        trained = state.card.pixel_size_m if state.card else None
        self.pixel_size.setPlaceholderText(
            f"{trained:.3g} (assumed)" if trained and scene else "metres per pixel"
        )
        if scene is None:
            self.size.setText("–")
        else:
            height, width = scene.shape_yx
            ground = f"\n{length(width * metres)} × {length(height * metres)}" if metres else ""
            self.size.setText(f"{width:,} × {height:,} px{ground}".replace(",", " "))
        hint = _hint(own, state.pixel_size_m, trained) if scene else ""
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))


def _hint(own: float | None, typed: float | None, trained: float | None) -> str:
    if typed is not None:
        return f"typed; the file says {own:.4g} m/px" if own is not None else "typed, in m/px"
    if own is not None:
        return "from the file, in m/px"
    if trained is None:
        return ""
    return f"assumed {trained:.3g} m/px, the checkpoint's; type the true size if you know it"
