"""The queue in napari's real window; needs a screen."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.widgets.kit.view import visible_window
from napari_uhrnet.widgets.queue import words
from napari_uhrnet.widgets.queue.panel import NEXT, PREVIOUS, REVIEWED, SKIP
from tests.widgets.correct.test_panel import (  # noqa: F401
    open_dock,
    press,
    scene_path,
    segment,
    settings,
    start,
)

LEFT = Qt.MouseButton.LeftButton


def ranked(dock, qtbot):
    panel = dock.tools.open_queue()
    qtbot.mouseClick(panel.rank, LEFT)
    qtbot.waitUntil(lambda: not dock.parts.ranker.status.busy, timeout=30_000)
    return panel


def test_parts_are_ranked_and_gone_through_by_key(open_dock, qtbot):  # noqa: F811
    viewer, dock = open_dock()
    panel = dock.tools.open_queue()
    assert not panel.rank.isEnabled()
    assert panel.message.text() == words.NO_PREDICTION
    segment(dock, qtbot)
    assert dock.tools.open_queue() is ranked(dock, qtbot) is panel
    queue = dock.parts.ranker.queue
    assert len(queue.parts) == panel.parts.count() > 2
    assert [p.score for p in queue.parts] == sorted((p.score for p in queue.parts), reverse=True)
    image = viewer.layers[0]
    first = queue.current
    press(viewer, NEXT)
    assert queue.index == 1 == panel.parts.currentRow()
    assert visible_window(viewer, image).contains(queue.current.window)
    press(viewer, PREVIOUS)
    assert queue.current is first
    press(viewer, SKIP)
    assert queue.parts[-1] is first
    assert words.SKIPPED in panel.parts.item(panel.parts.count() - 1).text()
    assert sum("of the queue" in layer.name for layer in viewer.layers) == 1
    viewer.layers.remove(next(x for x in viewer.layers if "of the queue" in x.name))
    press(viewer, NEXT)
    dock.docks.close()
    assert not any("of the queue" in layer.name for layer in viewer.layers)
    press(viewer, NEXT)


def test_reviewed_parts_leave_the_queue_and_count(open_dock, qtbot):  # noqa: F811
    viewer, dock = open_dock()
    segment(dock, qtbot)
    panel = ranked(dock, qtbot)
    assert not panel.reviewed.isEnabled()
    assert words.CORRECT_FIRST in panel.reviewed.toolTip()
    start(viewer, dock, qtbot)
    assert panel.reviewed.isEnabled()
    queue, before = dock.parts.ranker.queue, len(dock.parts.ranker.queue.parts)
    part = queue.current
    press(viewer, REVIEWED)
    qtbot.waitUntil(lambda: sum(dock.parts.correcting.state.reviewed_px.values()) > 0)
    assert part not in queue.parts
    assert len(queue.parts) == before - 1
    store = dock.parts.correcting.store
    shown = dock.parts.correcting.scene._open.corrections.shown(part.window)
    assert np.array_equal(store.reviewed(part.window), shown != NOTHING)
    ranked(dock, qtbot)
    finished = (shown != NOTHING).all()
    assert not finished or part.window not in [p.window for p in queue.parts]
    assert panel.share.value() > 0


def test_another_scene_empties_the_queue(open_dock, qtbot):  # noqa: F811
    viewer, dock = open_dock()
    segment(dock, qtbot)
    panel = ranked(dock, qtbot)
    viewer.layers.clear()
    assert dock.parts.ranker.queue.parts == []
    assert panel.parts.count() == 0
