"""Connects the queue with the viewer: criteria, camera, outline, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.compare.sources import branch_source
from napari_uhrnet.session.queue.queue import disagreement, uncertainty
from napari_uhrnet.widgets.correct.region_editing import around
from napari_uhrnet.widgets.inspect.uncertainty import SHADES
from napari_uhrnet.widgets.kit.keys import Keys
from napari_uhrnet.widgets.kit.layer_look import label_colormap, placement
from napari_uhrnet.widgets.kit.view import fit_window
from napari_uhrnet.widgets.queue import words
from napari_uhrnet.widgets.queue.panel import NEXT, PREVIOUS, REVIEWED, SKIP, QueuePanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_uhrnet.session.compare.other_predictions import OtherPredictions
    from napari_uhrnet.session.compare.sources import Source
    from napari_uhrnet.session.queue.queue import Criterion
    from napari_uhrnet.session.queue.ranker import Ranker
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.correct.tool import Correcting
    from napari_uhrnet.widgets.segment.overlay import Overlay

KEY = "part"
MARGIN = 16
"""A margin of one in so many of a part's side is shown around it."""
OUTLINE_STEPS = 256
"""The outline of a part is drawn on a grid of so many cells a side."""
YELLOW = (1.0, 0.9, 0.2, 1.0)


class QueueTool(QObject):
    """One queue panel, from its opening to its end.

    Parameters
    ----------
    image
        The image layer of the scene, None if there is none.
    predictions
        Stored predictions of other networks for the scene.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        state: SessionState,
        overlay: Overlay,
        correcting: Correcting,
        ranker: Ranker,
        predictions: OtherPredictions,
        image: Callable[[], Image | None],
    ) -> None:
        super().__init__()
        self._viewer, self._state, self._overlay = viewer, state, overlay
        self._correcting, self._ranker, self._image = correcting, ranker, image
        self._predictions = predictions
        self._keys = Keys(viewer)
        self.panel = QueuePanel(ranker, correcting.state)
        self._offer()
        self._connect()

    def _connect(self) -> None:
        ranker, panel = self._ranker, self.panel
        panel.rank_pressed.connect(self._on_rank)
        panel.reviewed_pressed.connect(self._on_reviewed)
        panel.closed.connect(self.close)
        ranker.queue_changed.connect(self._show_part)
        self._state.events.scene.connect(ranker.forget)
        self._overlay.workspace_changed.connect(self._offer)
        self._keys.bind(NEXT, lambda _: ranker.step(1))
        self._keys.bind(PREVIOUS, lambda _: ranker.step(-1))
        self._keys.bind(SKIP, lambda _: ranker.skip())
        self._keys.bind(REVIEWED, lambda _: self._on_reviewed())

    def close(self) -> None:
        """Disconnect from viewer and session; remove the outline."""
        self._keys.release()
        self._ranker.queue_changed.disconnect(self._show_part)
        self._state.events.scene.disconnect(self._ranker.forget)
        self._overlay.workspace_changed.disconnect(self._offer)
        self._overlay.further.remove(KEY)

    def _criteria(self) -> dict[str, Criterion]:
        """The criteria for ranking parts, by title."""
        where = self._overlay.where
        if where is None or where.scene is not self._state.scene:
            return {}
        found = [uncertainty(where)] if SHADES["entropy"].is_in(where) else []
        if {"local", "global"} <= set(where.model.branches):
            local, globally = (self._branch(name) for name in ("local", "global"))
            found.append(disagreement(words.BRANCHES_DISAGREE, local, globally))
        for other in self._predictions.beside(where):
            source = other.source("fused", other.model.name)
            title = words.differs_from(other.model.name)
            found.append(disagreement(title, self._branch("fused"), source))
        return {criterion.title: criterion for criterion in found}

    def _branch(self, name: str) -> Source:
        where = self._overlay.where
        assert where is not None
        return branch_source(where, name, name)

    def _offer(self) -> None:
        self.panel.offer(list(self._criteria()))

    def _on_rank(self) -> None:
        where, criterion = self._overlay.where, self._criteria().get(self.panel.by.currentText())
        if where is None or criterion is None:
            return
        layout = where.layout
        side = layout.frame_px if self.panel.size.currentData() == "frame" else layout.patch_px
        level0 = round(side * max(layout.inference.factor_yx))
        store = self._correcting.store
        reviewed = None if store is None else store.reviewed
        self._ranker.rank(where.scene.shape_yx, level0, criterion, reviewed)

    def _on_reviewed(self) -> None:
        part, scene = self._ranker.queue.current, self._correcting.scene
        if part and scene and scene.mark_reviewed(around(part.window)):
            self._ranker.done()

    def _show_part(self) -> None:
        part, image = self._ranker.queue.current, self._image()
        self._overlay.further.remove(KEY)
        if part is None or image is None:
            return
        # As large as possible: errors in it are painted over next.
        fit_window(self._viewer, image, part.window.expand(max(part.window.shape_yx) // MARGIN))
        step = tuple(side / OUTLINE_STEPS for side in part.window.shape_yx)
        place: dict[str, Any] = placement(image, (step[0], step[1]), (part.window.y, part.window.x))
        place |= {"name": words.layer_name(self._ranker.queue.index + 1)}
        colours = label_colormap({1: YELLOW})
        top = self._viewer.layers[-1]
        self._overlay.further.show(KEY, top, _outline(), colormap=colours, opacity=1.0, **place)


def _outline() -> Any:
    outline = np.full((OUTLINE_STEPS, OUTLINE_STEPS), NOTHING, np.uint8)
    outline[[0, -1]] = outline[:, [0, -1]] = 1
    return outline
