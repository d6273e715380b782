"""Puts the comparison together with the viewer: sources, highlighted pixels, camera, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_uhrnet.session.compare.sources import (
    branch_source,
    corrections_source,
    labels_source,
    mask_source,
    named_classes,
)
from napari_uhrnet.widgets.compare import words
from napari_uhrnet.widgets.compare.area import DrawnArea
from napari_uhrnet.widgets.compare.panel import ComparePanel
from napari_uhrnet.widgets.inspect.side_by_side import ORDER
from napari_uhrnet.widgets.kit.keys import Keys
from napari_uhrnet.widgets.kit.layer_look import is_insight, label_colormap, placement
from napari_uhrnet.widgets.kit.view import level0_shape, show_window
from napari_uhrnet.widgets.segment.words import BRANCHES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.components import ViewerModel
    from napari.layers import Image, Labels

    from napari_uhrnet.evaluation.comparison.disagreements import Region
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.session.compare.comparer import Comparer
    from napari_uhrnet.session.compare.other_predictions import OtherPredictions
    from napari_uhrnet.session.compare.pair import Pair
    from napari_uhrnet.session.compare.sources import Highlighted, Source
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.correct.tool import Correcting
    from napari_uhrnet.widgets.inspect.side_by_side import SideBySide
    from napari_uhrnet.widgets.inspect.swipe import Swipe
    from napari_uhrnet.widgets.segment.overlay import Overlay

KEY = "highlighted"
FOLLOW_MS = 1000
"""While a scene is being segmented, a swipe of two results is read anew this often."""
HIGHLIGHTS = ((1.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 1.0), (0.0, 1.0, 1.0))


class CompareTool(QObject):
    """One compare panel, from its opening to its end.

    Parameters
    ----------
    image
        The image layer of the scene, None if there is none.
    correcting
        Its corrections can be compared while they are open.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        state: SessionState,
        overlay: Overlay,
        comparer: Comparer,
        predictions: OtherPredictions,
        image: Callable[[], Image | None],
        correcting: Correcting,
        swipe: Swipe,
        side_by_side: SideBySide,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._state, self._overlay = viewer, state, overlay
        self._comparer, self._image, self._predictions = comparer, image, predictions
        self._correcting = correcting
        self._swipe, self._side_by_side, self._is_swiping = swipe, side_by_side, False
        self._pair: tuple[int, int] | None = None
        self._follow = QTimer(self, singleShot=True, interval=FOLLOW_MS)
        self._keys = Keys(viewer)
        self._area = DrawnArea(viewer, image, self)
        self.panel = ComparePanel(state, comparer, self.sources, self._mask_of, self._area.polygon)
        self._connect()

    def _connect(self) -> None:
        findings = self.panel.findings
        findings.pair_chosen.connect(self._on_pair)
        findings.region_chosen.connect(self._on_region)
        self.panel.area.draw_pressed.connect(self._area.draw)
        self._comparer.highlighted.connect(self._show_highlighted)
        self._comparer.read.connect(self._show_pair)
        self._comparer.read_again.connect(self._swipe.update_pair)
        self._overlay.refreshed.connect(self._follow_run)
        self._follow.timeout.connect(self._read_again)
        self.panel.swipe_ended.connect(self._swipe.leave)
        self._swipe.changed.connect(self._on_swiped)
        self._state.events.view.connect(self._highlight)
        self._state.events.scene.connect(self._on_scene)
        self._correcting.state.events.active.connect(self._on_corrections)
        self._viewer.events.theme.connect(self._on_theme)
        self._on_theme()
        self._overlay.workspace_changed.connect(self.panel.update_sources)
        for name in ("inserted", "removed"):
            getattr(self._viewer.layers.events, name).connect(self._on_layers)
        self._keys.bind("N", lambda viewer: findings.step(1))
        self._keys.bind("Shift-N", lambda viewer: findings.step(-1))
        self.panel.closed.connect(self.close)

    def close(self) -> None:
        """Disconnect; the highlighted pixels and the drawn polygon are removed."""
        self._keys.release()
        self._area.remove()
        self._comparer.highlighted.disconnect(self._show_highlighted)
        self._comparer.read.disconnect(self._show_pair)
        self._comparer.read_again.disconnect(self._swipe.update_pair)
        self._overlay.refreshed.disconnect(self._follow_run)
        self._follow.stop()
        if self._is_swiping:
            self._swipe.leave()
        self._swipe.changed.disconnect(self._on_swiped)
        self._state.events.view.disconnect(self._highlight)
        self._state.events.scene.disconnect(self._on_scene)
        self._correcting.state.events.active.disconnect(self._on_corrections)
        self._viewer.events.theme.disconnect(self._on_theme)
        self._overlay.workspace_changed.disconnect(self.panel.update_sources)
        for name in ("inserted", "removed"):
            getattr(self._viewer.layers.events, name).disconnect(self._on_layers)
        self._overlay.further.remove(KEY)

    def sources(self) -> dict[str, Source]:
        """The branches of what is shown, other networks' predictions, and layers of labels."""
        from napari.layers import Labels

        found: dict[str, Source] = {}
        where, scene = self._overlay.where, self._state.scene
        if where is not None and where.scene is scene:
            for branch in reversed(ORDER):
                if branch in where.model.branches:
                    title = BRANCHES[branch]
                    found[title] = branch_source(where, branch, title)
            found |= self._predictions.sources(where)
        # After the command to stop they are still open for a moment.
        store = self._correcting.store if self._correcting.state.active else None
        if store is not None:
            found[words.CORRECTIONS] = corrections_source(store, words.CORRECTIONS)
        classes = self._classes
        if scene is None or classes is None:
            return found
        for layer in self._viewer.layers:
            is_map = isinstance(layer, Labels) and layer.ndim == 2 and not is_insight(layer)
            if is_map and not self._overlay.owns(layer) and level0_shape(layer) == scene.shape_yx:
                data = layer.data[0] if layer.multiscale else layer.data
                title = words.layer_source(layer.name, is_taken=layer.name in found)
                found[title] = labels_source(data, _classes_of(layer, classes), title)
        return found

    @property
    def _classes(self) -> ClassTable | None:
        return None if self._state.card is None else self._state.card.classes

    def _mask_of(self, path: Path) -> Source:
        from napari_uhrnet.datasets.class_tables import find_class_table

        return mask_source(path, self._classes or find_class_table(None))

    def _on_layers(self, event: Any = None) -> None:
        self.panel.update_sources()

    def _on_corrections(self) -> None:
        self.panel.update_sources()

    def _on_scene(self) -> None:
        self._pair = None
        self._area.remove()
        if self._is_swiping:
            self._swipe.leave()
        self.panel.forget_files()

    def _on_theme(self) -> None:
        from napari.utils.theme import get_theme

        self.panel.findings.matrix.set_ink(get_theme(self._viewer.theme).text.as_hex())

    def _show_pair(self, pair: Pair) -> None:
        image = self._image()
        if image is None:
            return
        self._side_by_side.leave()
        self._swipe.enter_pair(pair, image)
        self._is_swiping = True
        self.panel.swipe.setChecked(True)

    def _follow_run(self) -> None:
        if self._is_swiping and not self._follow.isActive():
            self._follow.start()

    def _read_again(self) -> None:
        # What else is being compared goes first; the swipe must not miss the end of a run.
        if self._is_swiping and not self._comparer.follow_pair():
            self._follow.start()

    def _on_swiped(self, on: bool) -> None:
        # On for others, such as two branches, or off.
        self._is_swiping = False
        self.panel.swipe.setChecked(False)

    def _on_pair(self, pair: tuple[int, int] | None) -> None:
        self._pair = pair
        self._highlight()

    def _on_region(self, region: Region) -> None:
        self._pair = region.a, region.b
        image = self._image()
        if image is not None:
            show_window(self._viewer, image, region.window)
        self._highlight()

    def _highlight(self) -> None:
        view = self._state.view
        if self._pair is None or view is None:
            self._overlay.further.remove(KEY)
        else:
            self._comparer.highlight(self._pair, view)

    def _show_highlighted(self, highlighted: Highlighted) -> None:
        image = self._image()
        compared = self._comparer.compared
        if image is None or compared is None or highlighted.pair != self._pair:
            return
        a, b = (compared.classes.names[i] for i in highlighted.pair)
        place = placement(
            image,
            (highlighted.step, highlighted.step),
            (highlighted.window.y, highlighted.window.x),
        )
        place |= {"name": words.highlighted_layer(a, b), "data": highlighted.mask.astype(np.uint8)}
        layer = self._overlay.further.layer(KEY)
        if layer is None:
            colours = label_colormap({1: _highlight_colour(compared.classes)})
            top = self._viewer.layers[-1]
            self._overlay.further.show(KEY, top, colormap=colours, opacity=0.85, **place)
            return
        for name in ("data", "scale", "translate", "name"):
            setattr(layer, name, place[name])


def _highlight_colour(classes: ClassTable) -> tuple[float, ...]:
    """RGBA of the highlight that is most unlike the colours of the classes."""
    colours = np.array([c.rgb for c in classes.classes]) / 255

    def distance(colour: tuple[float, ...]) -> float:
        return float(np.abs(colours - colour).sum(axis=1).min())

    return (*max(HIGHLIGHTS, key=distance), 1.0)


def _classes_of(layer: Labels, like: ClassTable) -> ClassTable:
    """The classes that a layer's features name, else those of the network."""
    features = layer.features
    if {"index", "class"} <= set(features.columns) and len(features):
        return named_classes(features["index"], features["class"], like)
    return like
