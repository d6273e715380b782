"""Which network segments, on which device, and the terms of use of its weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QWidget,
)

from napari_uhrnet.models.registry import DEVICES, list_models
from napari_uhrnet.widgets.kit.panel import Panel, narrow_combo
from napari_uhrnet.widgets.segment import words

if TYPE_CHECKING:
    from napari_uhrnet.models.base.checkpoint import Card
    from napari_uhrnet.session.state import SessionState


class ModelPanel(Panel):
    """Shows model, device and terms; the person chooses them."""

    def __init__(self, state: SessionState, *, parent: QWidget | None = None) -> None:
        super().__init__(words.MODEL, parent=parent)
        self._state = state
        self.models = narrow_combo("model")
        self._add_registry()
        self.load = QPushButton(words.LOAD, objectName="load_checkpoint")
        self.load.setToolTip(words.LOAD_TIP)
        self.about = QPushButton(words.ABOUT, objectName="about")
        self.about.setToolTip(words.ABOUT_TIP)
        self.device = narrow_combo("device")
        self.device.addItems(DEVICES)
        self.device.setToolTip(words.DEVICE_TIP)
        self.terms = QLabel(objectName="terms", wordWrap=True)
        buttons = QHBoxLayout()
        buttons.addWidget(self.load, 1)
        buttons.addWidget(self.about)
        self.add_row(words.NETWORK, self.models)
        self.add_row(words.DEVICE, self.device)
        self.column.addLayout(buttons)
        self.column.addWidget(self.terms)
        self._connect()
        self._show()

    def _add_registry(self) -> None:
        for entry in list_models():
            title = entry.name if entry.shipped else words.no_weights(entry.name)
            self.models.addItem(title, entry.name)
            self.models.setItemData(self.models.count() - 1, entry.description, 3)

    def _connect(self) -> None:
        self.models.activated.connect(self._on_model_chosen)
        self.device.activated.connect(self._on_device_chosen)
        self.load.clicked.connect(self._on_load)
        self.about.clicked.connect(self._on_about)
        for field in ("model", "device", "devices", "card", "model_problem"):
            getattr(self._state.events, field).connect(self._show)

    def _on_model_chosen(self) -> None:
        self._state.model = self.models.currentData()

    def _on_device_chosen(self) -> None:
        self._state.device = self.device.currentText()

    def _on_load(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, words.LOAD_DIALOG, "", words.CHECKPOINT_FILES)
        if path:
            # GLNet's modes 2 and 3 need two or three files, which are given out side by side.
            chosen = Path(path)
            self._state.model = str(chosen.parent if chosen.suffix == ".pth" else chosen)

    def _on_about(self) -> None:
        if self._state.card is not None:
            QMessageBox.about(self, self._state.card.title, _describe(self._state.card))

    def _show(self) -> None:
        state = self._state
        if self.models.findData(state.model) < 0 and state.model:
            self.models.addItem(Path(state.model).stem, state.model)
            self.models.setItemData(self.models.count() - 1, state.model, 3)
        self.models.setCurrentIndex(self.models.findData(state.model))
        self.device.setCurrentText(state.device)
        for k, name in enumerate(DEVICES):
            self.device.model().item(k).setEnabled(name in state.devices)
        card = state.card
        self.about.setEnabled(card is not None)
        self.terms.setText(card.terms if card else state.model_problem)
        self.terms.setToolTip(_describe(card) if card else "")
        self.models.setToolTip(card.title if card else words.NETWORK_TIP)


def _describe(card: Card) -> str:
    names = ", ".join(card.classes.names.values())
    return words.card_lines(
        card.title, names, card.pixel_size_m, card.terms, card.training, card.metrics
    )
