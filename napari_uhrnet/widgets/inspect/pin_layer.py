"""The pins of a scene as points over its image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.widgets.inspect import words
from napari_uhrnet.widgets.kit.layer_look import placement, undisturbed
from napari_uhrnet.widgets.kit.view import level0_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Image, Points

    from napari_uhrnet.session.inspect.pins import Pin

ON_SCREEN_PX = (2, 12)
"""Smallest and largest width of a point; its edge is never narrower than half the smallest."""
SHARE, EDGE = 0.025, 0.1
"""Width of a point as share of the image's longer side, and of its edge as share of its own."""


class PinLayer:
    """A points layer that is there as long as there are pins.

    One that the person removed comes back with the next pin.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._image: Image | None = None
        self._shown: list[tuple[str, int, int]] = []
        self.layer: Points | None = None
        viewer.layers.events.removed.connect(self._on_removed)

    def show(self, pins: Sequence[Pin], image: Image | None) -> None:
        """Show these pins over the image of their scene."""
        places = [(pin.name, pin.y, pin.x) for pin in pins]
        if places == self._shown and image is self._image:
            return
        if not places or image is not self._image:
            self._remove()
        self._shown, self._image = places, image
        if not places or image is None:
            return
        if self.layer is None:
            self._add(image)
        self._fill(image)

    def close(self) -> None:
        """Remove the layer, and disconnect."""
        self._remove()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _add(self, image: Image) -> None:
        with undisturbed(self._viewer):
            self.layer = self._viewer.add_points(
                np.zeros((0, 2)),
                name=words.PINS_LAYER,
                symbol="disc",
                face_color="#ffe633",
                border_color="black",
                canvas_size_limits=ON_SCREEN_PX,
                features={"name": np.array([], str)},
                text={
                    "string": "{name}",
                    "color": "#ffe633",
                    "size": 10,
                    "anchor": "upper_left",
                    "translation": [0, 0],
                },
                **placement(image, (1, 1)),
            )

    def _fill(self, image: Image) -> None:
        layer = self.layer
        assert layer is not None
        layer.editable = True
        layer.data = np.array([(y, x) for _, y, x in self._shown], float)
        layer.size, layer.border_width = SHARE * max(level0_shape(image)), EDGE
        layer.features = {"name": [name for name, _, _ in self._shown]}
        layer.editable = False

    def _remove(self) -> None:
        if self.layer is not None:
            self._viewer.layers.remove(self.layer)

    def _on_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self.layer = None
