"""Which part of the scene is compared: what is on screen, a drawn polygon, or all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_uhrnet.widgets.compare import words
from napari_uhrnet.widgets.correct.outlines import Outlines
from napari_uhrnet.widgets.kit.panel import narrow_combo

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_uhrnet.geometry.polygon import Polygon


class AreaRow(QWidget):
    """A list of the areas, and a button to draw the polygon when that is chosen."""

    draw_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scope = narrow_combo("compare_scope")
        for key, title in words.AREAS.items():
            self.scope.addItem(title, key)
        self.draw = QPushButton(words.DRAW, objectName="draw_compared_area")
        self.draw.setToolTip(words.DRAW_TIP)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.scope, 1)
        row.addWidget(self.draw)
        self.draw.clicked.connect(self.draw_pressed)
        self.scope.currentIndexChanged.connect(self._on_chosen)
        self.scope.activated.connect(self._on_activated)
        self._on_chosen()

    @property
    def chosen(self) -> str:
        """A key of `words.AREAS`."""
        return str(self.scope.currentData())

    def choose(self, key: str) -> None:
        """Choose an area by its key."""
        self.scope.setCurrentIndex(self.scope.findData(key))

    def _on_chosen(self) -> None:
        self.draw.setVisible(self.chosen == "polygon")

    def _on_activated(self) -> None:
        if self.chosen == "polygon":
            self.draw_pressed.emit()


class DrawnArea(QObject):
    """The polygons drawn on the present image, in a layer that is removed with the panel."""

    def __init__(
        self,
        viewer: ViewerModel,
        image: Callable[[], Image | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._image = viewer, image
        self._outlines: Outlines | None = None

    def draw(self) -> None:
        """Let the person draw, if there is an image to draw on."""
        image = self._image()
        if self._outlines is None and image is not None:
            self._outlines = Outlines(self._viewer, image, words.AREA_LAYER)
        if self._outlines is not None:
            self._outlines.draw()

    def polygon(self) -> Polygon | None:
        """The polygon, with level-0 pixels; what is being drawn is closed."""
        if self._outlines is None:
            return None
        self._outlines.rest()
        return self._outlines.chosen()

    def remove(self) -> None:
        """Remove the polygons."""
        outlines, self._outlines = self._outlines, None
        if outlines is not None:
            outlines.remove()
