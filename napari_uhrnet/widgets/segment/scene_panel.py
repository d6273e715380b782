"""Which image is segmented, how large it is, and how large its pixels are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QLineEdit, QWidget

from napari_uhrnet.session.wording import length
from napari_uhrnet.widgets.kit.panel import Panel, narrow_combo
from napari_uhrnet.widgets.segment import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Image

    from napari_uhrnet.session.state import SessionState


class ScenePanel(Panel):
    """Shows the scene; the person chooses the layer and may enter the pixel size."""

    layer_chosen = Signal(object)
    """The image layer that is to be segmented, None if there is none."""

    def __init__(self, state: SessionState, *, parent: QWidget | None = None) -> None:
        super().__init__(words.SCENE, parent=parent)
        self._state = state
        self.layers = narrow_combo("layer")
        self.layers.setToolTip(words.IMAGE_TIP)
        self.size = QLabel(objectName="size")
        self.pixel_size = QLineEdit(objectName="pixel_size")
        self.pixel_size.setToolTip(words.PIXEL_SIZE_TIP)
        self.hint = QLabel(objectName="pixel_size_hint", wordWrap=True)
        self.add_row(words.IMAGE, self.layers)
        self.add_row(words.SIZE, self.size)
        self.add_row(words.PIXEL_SIZE, self.pixel_size)
        self.column.addWidget(self.hint)
        self.notes = QLabel(objectName="notes", wordWrap=True)
        self.notes.setToolTip(words.NOTES_TIP)
        self.column.addWidget(self.notes)
        self.layers.currentIndexChanged.connect(self._on_layer_chosen)
        self.pixel_size.editingFinished.connect(self._on_pixel_size_entered)
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
            self.layers.addItem(words.NO_IMAGE, None)
        self.layers.setEnabled(bool(layers))
        kept = before in layers
        self.layers.setCurrentIndex(layers.index(before) if kept else max(0, len(layers) - 1))
        self.layers.blockSignals(False)
        if not kept:
            self._on_layer_chosen()

    def choose(self, layer: Image) -> None:
        """Show that this layer, which is among them, is the chosen one."""
        self.layers.blockSignals(True)
        self.layers.setCurrentIndex(self.layers.findData(layer))
        self.layers.blockSignals(False)

    def _on_layer_chosen(self) -> None:
        self.layer_chosen.emit(self.layer())

    def _on_pixel_size_entered(self) -> None:
        text = self.pixel_size.text().strip().lower().replace(",", ".")
        text = text.removesuffix("m/px").removesuffix("m").strip()
        if not text:
            self._state.pixel_size_m = None
            self._show()
            return
        try:
            metres = float(text)
        except ValueError:
            self.hint.setText(words.no_number(text))
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
            words.assumed(trained) if trained and scene else words.METRES_PER_PIXEL
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
        notes = scene.notes if scene else ()
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))


def _hint(own: float | None, entered: float | None, trained: float | None) -> str:
    if entered is not None:
        return words.ENTERED if own is None else words.entered_hint(own)
    if own is not None:
        return words.FROM_FILE
    return "" if trained is None else words.assumed_hint(trained)
