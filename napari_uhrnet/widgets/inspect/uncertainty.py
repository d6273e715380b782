"""Uncertainty of the prediction, as layers over the image: see `SHADES`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.compare.curtain import disagreement
from napari_uhrnet.widgets.inspect import words
from napari_uhrnet.widgets.kit.layer_look import label_colormap, placement, share_colours

if TYPE_CHECKING:
    from napari_uhrnet.session.engine import Workspace
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.segment.overlay import Overlay

DIFFERS = (0.9, 0.1, 0.55, 1.0)
AGREES = (0.85, 0.85, 0.85, 0.25)


@dataclass(frozen=True)
class Shade:
    """What a layer shows: planes of the store, and the colour map of shares 0..1 if it is one."""

    title: str
    tip: str
    planes: tuple[str, ...]
    colours: str | None = None

    def is_in(self, where: Workspace) -> bool:
        """Whether the store holds what is needed."""
        return set(self.planes) <= set(where.store.layout.planes)


SHADES = {
    "confidence": Shade(
        words.CONFIDENCE,
        words.CONFIDENCE_TIP,
        ("fused/confidence",),
        "viridis",
    ),
    "margin": Shade(
        words.MARGIN,
        words.MARGIN_TIP,
        ("fused/margin",),
        "viridis",
    ),
    "entropy": Shade(
        words.ENTROPY,
        words.ENTROPY_TIP,
        ("fused/entropy",),
        "inferno",
    ),
    "disagreement": Shade(
        words.DISAGREE,
        words.DISAGREE_TIP,
        ("global/labels", "local/labels"),
    ),
}


class Uncertainty(QObject):
    """Keeps the layers in step with ``state.uncertainty``.

    A share is a layer of labels with a colour for each byte: unlike an image layer it shows every
    stored value as it is at any contrast, and nothing where nothing is stored.
    """

    def __init__(
        self, state: SessionState, overlay: Overlay, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._overlay = state, overlay
        state.events.uncertainty.connect(self._show)
        overlay.workspace_changed.connect(self._show)
        overlay.further.gone.connect(self._on_gone)
        self._changing = False

    def _show(self) -> None:
        wanted, further = self._state.uncertainty, self._overlay.further
        where, image, top = self._overlay.where, self._overlay.image, self._overlay.top
        self._changing = True
        for key, shade in SHADES.items():
            if key not in wanted:
                further.remove(key)
            elif key not in further and where and image and top and shade.is_in(where):
                place = placement(image, where.layout.inference.factor_yx)
                further.show(key, top, opacity=1.0, **_layer(shade, where), **place)
        self._changing = False

    def _on_gone(self, key: str) -> None:
        # What goes with its workspace comes back with the next one.
        if not self._changing and key in SHADES and not self._overlay.is_leaving:
            self._state.uncertainty -= {key}


def _layer(shade: Shade, where: Workspace) -> dict[str, Any]:
    levels = [where.store.levels(plane) for plane in shade.planes]
    if shade.colours is None:
        return {
            "data": disagreement(*levels),
            "name": words.uncertainty_layer(shade.title),
            "colormap": label_colormap({0: AGREES, 1: DIFFERS}),
            "features": {"index": [0, 1], "branches": words.AGREEMENT},
        }
    values = range(NOTHING)
    return {
        "data": levels[0],
        "name": words.uncertainty_layer(shade.title),
        "colormap": label_colormap(share_colours(shade.colours)),
        "features": {
            "index": list(values),
            shade.title.lower(): [round(v / (NOTHING - 1), 3) for v in values],
        },
    }
