"""Which network segments, on what, and on which terms its weights come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QWidget,
)

from napari_uhrnet.models.registry import DEVICES, list_models
from napari_uhrnet.widgets.kit.panel import Panel, narrow_combo

if TYPE_CHECKING:
    from napari_uhrnet.models.base.checkpoint import Card
    from napari_uhrnet.session.state import SessionState


class ModelPanel(Panel):
    """Shows model, device and terms; the person chooses them."""

    def __init__(self, state: SessionState, *, parent: QWidget | None = None) -> None:
        super().__init__("Model", parent=parent)
        self._state = state
        self.models = narrow_combo("model")
        self._add_registry()
        self.load = QPushButton("Load checkpoint…", objectName="load_checkpoint")
        self.load.setToolTip(
            "Take the network from a .safetensors file with its .json card beside, or GLNet as "
            "published from the folder of its .pth files"
        )
        self.about = QPushButton("About…", objectName="about")
        self.about.setToolTip("The whole card: training data, terms, scores")
        self.device = QComboBox(objectName="device")
        self.device.addItems(DEVICES)
        self.device.setToolTip("What computes; auto takes a GPU if there is one")
        self.terms = QLabel(objectName="terms", wordWrap=True)
        buttons = QHBoxLayout()
        buttons.addWidget(self.load, 1)
        buttons.addWidget(self.about)
        self.add_row("Network", self.models)
        self.add_row("Device", self.device)
        self.column.addLayout(buttons)
        self.column.addWidget(self.terms)
        self._connect()
        self._show()

    def _add_registry(self) -> None:
        for entry in list_models():
            self.models.addItem(
                entry.name if entry.shipped else f"{entry.name} (no weights)", entry.name
            )
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
        path, _ = QFileDialog.getOpenFileName(
            self, "Load a checkpoint", "", "Checkpoints (*.safetensors *.pth)"
        )
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
        self.models.setToolTip(card.title if card else "The network that segments")


def _describe(card: Card) -> str:
    def lines(title: str, facts: dict[str, object]) -> list[str]:
        return [title, *(f"    {k}: {v}" for k, v in facts.items())] if facts else []

    return "\n".join(
        [
            card.title,
            f"Classes: {', '.join(card.classes.names.values())}",
            f"Pixel size: {card.pixel_size_m:.4g} m",
            f"Terms: {card.terms}",
            *lines("Training", card.training),
            *lines("Scores", card.metrics),
        ]
    )
