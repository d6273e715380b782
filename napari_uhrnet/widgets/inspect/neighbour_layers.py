"""The layers of neighbour influence: two maps, and a patch with its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.widgets.inspect import words
from napari_uhrnet.widgets.kit.layer_look import (
    INSIGHT,
    class_colormap,
    placement,
    spare_id,
    undisturbed,
)

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.session.inspect.neighbour_effect import Changes, FoundInfluences

WITHOUT, CHANGED, PATCH = words.WITHOUT_LAYER, words.CHANGED_LAYER, words.PATCH_LAYER
FILL, EDGE = "#ffb000", "#ffe633"
LEAST_FILL, MOST_FILL = 0.08, 0.55
"""Opacity of a neighbour without influence, and of the one with the largest."""
VEIL = (0.0, 0.0, 0.0, 0.65)
"""Over what is the same without neighbours, so that the rest stands out."""
EDGE_SHARE = 0.012
"""Width of an outline as share of the patch's side."""


class NeighbourLayers:
    """Each is made when there is something to show, and may be removed by the person any time."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layers: dict[str, Layer] = {}
        viewer.layers.events.removed.connect(self._on_removed)

    def close(self) -> None:
        """Remove the layers, and disconnect."""
        self.clear()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def clear(self, *names: str) -> None:
        """Remove layers, by default all."""
        for name in names or (WITHOUT, CHANGED, PATCH):
            if name in self._layers:
                self._viewer.layers.remove(self._layers[name])

    def show_changes(
        self, changes: Changes, factor_yx: tuple[float, float], image: Image, opacity: float
    ) -> None:
        """The classes without neighbours (hidden at first) and where they changed them."""
        shown = {name: layer.visible for name, layer in self._layers.items()}
        self.clear(WITHOUT, CHANGED)
        place = _place(image, factor_yx, changes.window, changes.step)
        veiled = spare_id(changes.classes)
        colours = class_colormap(changes.classes, frozenset(), {veiled: VEIL})
        is_same = (changes.changed == NOTHING) & (changes.without != NOTHING)
        changed = np.where(is_same, np.uint8(veiled), changes.changed)
        with undisturbed(self._viewer):
            for name, data, visible in (
                (WITHOUT, changes.without, False),
                (CHANGED, changed, True),
            ):
                layer = self._viewer.add_labels(
                    data,
                    name=name,
                    colormap=colours,
                    metadata={INSIGHT: name},
                    visible=shown.get(name, visible),
                    opacity=opacity if name == WITHOUT else 1.0,
                    **place,
                )
                layer.editable = False
                self._layers[name] = layer

    def show_influences(self, found: FoundInfluences, branch: str, image: Image) -> None:
        """Outlines of the neighbours with their influence: the larger, the more opaque."""
        self.clear(PATCH)
        own, each = found.patch.window, list(found.patch.each.values())
        moved = np.array([influence.moved[branch] for influence in each])
        most = moved.max() if moved.any() else 1.0
        opacity = LEAST_FILL + (MOST_FILL - LEAST_FILL) * moved / most
        windows = [influence.window for influence in each]
        clear = np.array([*_rgb(FILL), 0.0])
        with undisturbed(self._viewer):
            self._layers[PATCH] = self._viewer.add_shapes(
                [_corners(w) for w in [*windows, own]],
                name=PATCH,
                shape_type="rectangle",
                face_color=np.array([*([*_rgb(FILL), a] for a in opacity), clear]),
                edge_color=["#ffffff80"] * len(windows) + [EDGE],
                edge_width=EDGE_SHARE * own.height,
                features={"moved": [*(f"{100 * m:.2g} %" for m in moved), ""]},
                text={"string": "{moved}", "color": "white", "size": 11, "anchor": "center"},
                opacity=1.0,
                **placement(image, found.factor_yx),
            )

    def _on_removed(self, event: Any) -> None:
        for name, layer in list(self._layers.items()):
            if layer is event.value:
                del self._layers[name]


def _place(
    image: Image, factor_yx: tuple[float, float], window: Window, step: int
) -> dict[str, Any]:
    factor = (factor_yx[0] * step, factor_yx[1] * step)
    return placement(image, factor, (window.y * factor_yx[0], window.x * factor_yx[1]))


def _corners(window: Window) -> list[tuple[float, float]]:
    """Of the pixels' outer edges; napari counts from the first pixel's centre."""
    top, left = window.y - 0.5, window.x - 0.5
    bottom, right = top + window.height, left + window.width
    return [(top, left), (top, right), (bottom, right), (bottom, left)]


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return red, green, blue
