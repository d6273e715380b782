"""Strokes that cannot be saved, and strokes as steps of undo, in napari's real window."""

import errno
import os

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.store.journal.frames import FrameFile
from napari_uhrnet.widgets.correct.paint_layer import NAME
from tests.widgets.correct.test_panel import (  # noqa: F401 (fixtures)
    drag,
    look_at,
    open_dock,
    press,
    scene_path,
    segment,
    settings,
    shown_at,
    start,
    stored,
    stroke,
)

LEFT = Qt.MouseButton.LeftButton
STROKE = Window(290, 290, 30, 80)
FAR = (2200, 2500)


@pytest.fixture
def full_disk(monkeypatch):
    """A switch: whether the journal cannot be written."""
    real, is_full = FrameFile.append, []

    def append(self, *given, **more):
        if is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, *given, **more)

    monkeypatch.setattr(FrameFile, "append", append)
    yield is_full
    is_full.clear()


@pytest.fixture
def unsaved(open_dock, full_disk, qtbot):  # noqa: F811
    """Viewer and dock with a stroke that could not be saved."""
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    dock.parts.correcting.state.brush_px = 11
    full_disk.append(True)
    stroke(viewer, [(300, 300), (300, 340)], 3)
    check_kept(viewer, dock)
    return viewer, dock


def check_kept(viewer, dock):
    state, panel = dock.parts.correcting.state, dock.correct_panel
    assert state.active and "the disk is full" in panel.message.text()
    assert not panel.discard.isHidden() and not panel.retry.isHidden()
    assert dock.parts.correcting.scene.painting.paint.window.contains(STROKE)
    assert shown_at(viewer, (300, 300)) == shown_at(viewer, (300, 340)) == 3


def check_saved(viewer, dock, scene_path):  # noqa: F811
    assert (stored(scene_path).read(STROKE) == 3).sum() > 2 * 80
    panel = dock.correct_panel
    assert "the disk is full" not in panel.message.text()
    assert panel.discard.isHidden() and panel.retry.isHidden()


def test_nothing_moves_on_before_a_stroke_is_saved(
    unsaved,
    scene_path,  # noqa: F811
    full_disk,
    qtbot,
):
    viewer, dock = unsaved
    for centre, zoom in ((FAR, 1.0), ((400, 400), 1.0), ((1300, 1500), 0.2)):
        look_at(viewer, dock, centre, zoom)
        check_kept(viewer, dock)
    look_at(viewer, dock, (400, 400))
    stroke(viewer, [(330, 300)], 4)
    check_kept(viewer, dock)
    dock.correct_panel.toggle.click()
    check_kept(viewer, dock)
    press(viewer, "Control-Z")
    press(viewer, "R")
    check_kept(viewer, dock)
    segment(dock, qtbot)  # another prediction
    check_kept(viewer, dock)
    assert not dock.parts.correcting.start(scene_path.parent / "elsewhere")
    check_kept(viewer, dock)
    assert (stored(scene_path).read(STROKE) == 255).all()
    full_disk.clear()
    look_at(viewer, dock, FAR)
    check_saved(viewer, dock, scene_path)
    assert dock.parts.correcting.scene.painting.paint.window.contains(Window(*FAR, 1, 1))
    assert dock.parts.correcting.state.undoable == "paint"
    press(viewer, "Control-Z")
    assert (stored(scene_path).read(STROKE) == 255).all()
    assert dock.parts.correcting.state.undoable == ""


def test_it_is_saved_by_the_next_stroke_or_a_button_and_can_be_discarded(
    unsaved,
    scene_path,  # noqa: F811
    full_disk,
    qtbot,
):
    viewer, dock = unsaved
    full_disk.clear()
    stroke(viewer, [(600, 600)], 4)
    check_saved(viewer, dock, scene_path)
    assert stored(scene_path).read(Window(600, 600, 1, 1)) == 4
    full_disk.append(True)
    stroke(viewer, [(700, 700)], 5)
    qtbot.mouseClick(dock.correct_panel.retry, LEFT)
    assert "the disk is full" in dock.correct_panel.message.text()
    qtbot.mouseClick(dock.correct_panel.discard, LEFT)
    check_saved(viewer, dock, scene_path)
    assert shown_at(viewer, (700, 700)) != 5
    full_disk.clear()
    stroke(viewer, [(800, 800)], 4)
    assert not (stored(scene_path).read(Window(690, 690, 20, 20)) == 5).any()


def test_neither_window_nor_dock_nor_layers_can_be_closed(unsaved, scene_path, full_disk, qtbot):  # noqa: F811
    viewer, dock = unsaved
    assert not viewer.window._qt_window.close()
    assert viewer.window._qt_window.isVisible()
    check_kept(viewer, dock)
    viewer.window.remove_dock_widget(dock)
    qtbot.waitUntil(dock.isVisible, timeout=20_000)
    assert dock.window() is viewer.window._qt_window
    check_kept(viewer, dock)
    viewer.layers.remove(viewer.layers[NAME])
    QApplication.processEvents()
    check_kept(viewer, dock)
    image, scene = viewer.layers[0], dock.state.scene
    viewer.add_image(np.zeros((300, 300, 3), np.uint8), name="other")
    dock.scene_panel.layers.setCurrentIndex(dock.scene_panel.layers.findText("other"))
    QApplication.processEvents()
    assert dock.state.scene is scene and dock.scene_panel.layer() is image
    viewer.layers.remove(image)
    QApplication.processEvents()
    assert dock.state.scene is scene and dock.scene_panel.layer() is image in viewer.layers
    check_kept(viewer, dock)
    full_disk.clear()
    viewer.window.remove_dock_widget(dock)
    QApplication.processEvents()
    assert dock._closed and not dock.parts.correcting.state.active
    assert (stored(scene_path).read(STROKE) == 3).sum() > 2 * 80


@pytest.mark.parametrize("tool", ["paint", "erase", "fill", "superpixel"])
def test_a_drag_is_one_step_whatever_happens_in_the_middle(open_dock, scene_path, qtbot, tool):  # noqa: F811
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    correcting = dock.parts.correcting
    stroke(viewer, [(500, 500)], 4)
    before = stored(scene_path).read(Window(0, 0, 1000, 1000))
    correcting.state.class_id, correcting.state.brush_px, correcting.state.tool = 5, 21, tool

    def between():
        correcting.scene.painting.follow_prediction(Window(0, 0, 800, 800))
        correcting.scene._on_prediction_replaced()
        press(viewer, "Control-Z")
        press(viewer, "R")
        look_at(viewer, dock, (420, 420))

    steps = len(correcting.opened.journal.undoable)
    drag(viewer, (500, 500), (500, 560), (500, 620), (560, 620), between=between)
    after = stored(scene_path).read(Window(0, 0, 1000, 1000))
    assert (after != before).sum() > 100
    assert len(correcting.opened.journal.undoable) == steps + 1
    press(viewer, "Control-Z")
    np.testing.assert_array_equal(stored(scene_path).read(Window(0, 0, 1000, 1000)), before)
    assert len(correcting.opened.journal.undoable) == steps


def test_a_message_stays_while_the_view_moves(open_dock, scene_path, full_disk, qtbot):  # noqa: F811
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    stroke(viewer, [(500, 500)], 4)
    full_disk.append(True)
    dock.parts.correcting.mark_view_reviewed()
    assert "the disk is full" in dock.correct_panel.message.text()
    look_at(viewer, dock, FAR)
    assert "the disk is full" in dock.correct_panel.message.text()
    full_disk.clear()
    look_at(viewer, dock, (400, 400))
    dock.parts.correcting.mark_view_reviewed()
    assert dock.correct_panel.message.text() == ""
