"""Correcting in napari's real window; needs a screen."""

from threading import Event

import numpy as np
import pytest
import tifffile
from napari.layers import Layer
from napari.utils import interactions
from napari.utils._test_utils import read_only_mouse_event
from qtpy.QtCore import QSettings, Qt

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.correct.corrections import Corrections
from napari_uhrnet.session.correct.words import RESET, SNAP
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from napari_uhrnet.widgets.correct import region_editing, words
from napari_uhrnet.widgets.correct.overview import NAME as OVERVIEW
from napari_uhrnet.widgets.correct.paint_layer import NAME, REVIEWED_NAME
from napari_uhrnet.widgets.main import UHRNetWidget
from napari_uhrnet.widgets.reader import read
from tests.widgets.painted_engine import PaintedEngine, class_at

LEFT = Qt.MouseButton.LeftButton
SHAPE = (2560, 3072)
SEGMENTED = Window(0, 0, 1100, 1100)
WHOLE = Window.of_shape(SHAPE)


@pytest.fixture
def settings(tmp_path):
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("model", "painted")
    return settings


@pytest.fixture
def scene_path(tmp_path):
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (SHAPE[0] // 32, SHAPE[1] // 32, 3), np.uint8)
    path = tmp_path / "scenes" / "town.tif"
    path.parent.mkdir()
    tifffile.imwrite(path, small.repeat(32, 0).repeat(32, 1), photometric="rgb", tile=(256, 256))
    return path


@pytest.fixture
def open_dock(make_napari_viewer, settings, scene_path, tmp_path, qtbot):
    """Open a viewer with the scene and the dock."""
    docks = []

    def open_():
        viewer = make_napari_viewer(show=True)
        viewer.window.resize(1300, 900)
        qtbot.waitExposed(viewer.window._qt_window)
        for data in read(str(scene_path)):
            viewer.add_layer(Layer.create(*data))
        dock = UHRNetWidget(viewer, settings=settings, engine=PaintedEngine(tmp_path))
        viewer.window.add_dock_widget(dock, name="UHRNet", area="right")
        docks.append(dock)
        return viewer, dock

    open_.docks = docks
    yield open_
    for dock in docks:
        dock.shut_down()


def _nothing(window):
    return np.full(window.shape_yx, 255, np.uint8)


def look_at(viewer, dock, centre_yx, zoom=1.0):
    """Move the view and let it settle."""
    viewer.scene.camera.zoom = zoom
    viewer.scene.camera.center = (0, *centre_yx)
    dock._watcher._timer.stop()
    dock._watcher.settled.emit()


def start(viewer, dock, qtbot, centre_yx=(400, 400), zoom=1.0):
    look_at(viewer, dock, centre_yx, zoom)
    qtbot.mouseClick(dock.correct_panel.toggle, LEFT)
    assert dock.parts.correcting.state.active, dock.parts.correcting.state.message


def stroke(viewer, points, class_id):
    """Paint like a drag of the mouse, at level-0 pixels of the scene."""
    layer = viewer.layers[NAME]
    corner = np.round(np.subtract(layer.translate, viewer.layers[0].translate)).astype(int)
    with layer.block_history():
        for point in points:
            layer.paint(np.subtract(point, corner), class_id)


def shown_at(viewer, point):
    layer = viewer.layers[NAME]
    y, x = np.subtract(point, np.round(layer.translate)).astype(int)
    return int(layer.data[y, x])


def stored(scene_path):
    """(H, W) uint8 corrections on the disk."""
    folder = scene_path.with_suffix(".uhrnet")
    entry = Project.open(folder).scenes[0]
    return AnnotationStore.open(folder / "annotations" / entry.fingerprint)


def segment(dock, qtbot):
    dock.state.region = "rectangle"
    dock.state.rectangle = SEGMENTED
    qtbot.mouseClick(dock.run_panel.segment, LEFT)
    qtbot.waitUntil(lambda: not dock.state.status.busy, timeout=60_000)
    assert dock.state.status.phase == "idle"


def press(viewer, key):
    viewer.window._qt_viewer._key_map_handler.press_key(key)


def test_a_stroke_is_in_the_store_at_once_and_comes_back_with_the_view(
    open_dock, scene_path, qtbot
):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    dock.parts.correcting.state.brush_px = 21
    stroke(viewer, [(300, 300), (300, 340)], 3)
    assert not viewer.layers[NAME]._undo_history
    labels = stored(scene_path).read(WHOLE)
    assert (labels[295:305, 295:305] == 3).all() and (labels[300, 340] == 3)
    assert 2 * 21 * 21 * 0.6 < (labels == 3).sum() < 2 * 21 * 21
    assert (labels[labels != 3] == 255).all()
    look_at(viewer, dock, (2200, 2500))
    assert not dock.parts.correcting.scene.painting.paint.window.intersect(Window(300, 300, 1, 1))
    look_at(viewer, dock, (400, 400))
    assert shown_at(viewer, (300, 340)) == 3
    assert shown_at(viewer, (200, 340)) == 255
    qtbot.waitUntil(
        lambda: dock.parts.correcting.state.labelled_px == {3: int((labels == 3).sum())},
        timeout=30_000,
    )


def test_undo_works_across_windows_and_with_the_keys(open_dock, scene_path, qtbot):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    stroke(viewer, [(300, 300)], 3)
    look_at(viewer, dock, (2200, 2500))
    stroke(viewer, [(2200, 2500)], 4)
    press(viewer, "Control-Z")
    press(viewer, "Control-Z")
    assert (stored(scene_path).read(WHOLE) == 255).all()
    assert shown_at(viewer, (2200, 2500)) == 255
    press(viewer, "Control-Shift-Z")
    look_at(viewer, dock, (400, 400))
    assert shown_at(viewer, (300, 300)) == 3
    qtbot.mouseClick(dock.correct_panel.redo, LEFT)
    assert stored(scene_path).read(Window(2200, 2500, 1, 1)) == 4
    assert not dock.correct_panel.redo.isEnabled()
    assert not viewer.layers[NAME]._undo_history


def test_zoomed_out_the_layer_gives_way(open_dock, scene_path, qtbot):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    stroke(viewer, [(300, 300)], 3)
    look_at(viewer, dock, (1300, 1500), 0.2)
    assert not viewer.layers[NAME].visible
    assert viewer.layers[NAME].mode == "pan_zoom"
    assert dock.correct_panel.message.text() == words.ZOOM_IN
    assert not dock.correct_panel.tools["paint"].isEnabled()
    look_at(viewer, dock, (400, 400), 2.0)
    assert viewer.layers[NAME].visible and viewer.layers[NAME].mode == "paint"
    assert dock.correct_panel.message.text() != words.ZOOM_IN
    assert shown_at(viewer, (300, 300)) == 3


def test_the_layer_lies_where_the_pixels_are(open_dock, qtbot):
    viewer, dock = open_dock()
    image = viewer.layers[0]
    image.scale, image.translate = (2.0, 2.0), (100.0, -50.0)
    centre = np.asarray(image.data_to_world((1500, 1600)))
    start(viewer, dock, qtbot, tuple(centre))
    layer, window = viewer.layers[NAME], dock.parts.correcting.scene.painting.paint.window
    assert window.y > 0 and window.x > 0
    np.testing.assert_allclose(
        layer.data_to_world((0, 0)), image.data_to_world((window.y, window.x))
    )
    np.testing.assert_allclose(layer.scale, image.scale)


def test_a_protected_class_stays(open_dock, scene_path, qtbot):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    dock.parts.correcting.state.brush_px = 20
    stroke(viewer, [(300, 300)], 3)
    dock.correct_panel.classes.protect[3].setChecked(True)
    stroke(viewer, [(300, 310)], 4)
    labels = stored(scene_path).read(WHOLE)
    assert labels[300, 305] == 3 and labels[300, 315] == 4
    assert shown_at(viewer, (300, 305)) == 3


def test_erasing_shows_the_prediction_again_and_another_prediction_leaves_corrections(
    open_dock, scene_path, qtbot
):
    viewer, dock = open_dock()
    segment(dock, qtbot)
    start(viewer, dock, qtbot)
    prediction = viewer.layers["UHRNet fused"]
    assert not prediction.visible
    assert shown_at(viewer, (300, 300)) == class_at((2, 2))
    wrong = class_at((2, 2)) % 6 + 1
    stroke(viewer, [(300, 300), (300, 420)], wrong)
    stroke(viewer, [(300, 420)], 255)
    assert shown_at(viewer, (300, 420)) == class_at((2, 3))
    assert stored(scene_path).read(Window(300, 420, 1, 1)) == 255
    dock.state.pixel_size_m = 0.5
    segment(dock, qtbot)
    qtbot.waitUntil(lambda: shown_at(viewer, (200, 200)) == class_at((0, 0)), timeout=30_000)
    assert shown_at(viewer, (300, 300)) == wrong
    assert not viewer.layers["UHRNet fused"].visible
    qtbot.mouseClick(dock.correct_panel.toggle, LEFT)
    assert viewer.layers["UHRNet fused"].visible
    assert NAME not in viewer.layers and REVIEWED_NAME not in viewer.layers


def test_an_prediction_that_grows_is_followed(open_dock, qtbot):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    stroke(viewer, [(300, 300)], 6)
    assert shown_at(viewer, (200, 600)) == 255
    segment(dock, qtbot)
    qtbot.waitUntil(lambda: shown_at(viewer, (200, 600)) == class_at((1, 4)), timeout=30_000)
    assert shown_at(viewer, (300, 300)) == 6


def test_comparing_is_seen_and_not_painted_over(open_dock, scene_path, qtbot):
    viewer, dock = open_dock()
    segment(dock, qtbot)
    start(viewer, dock, qtbot)
    layer, panel = viewer.layers[NAME], dock.correct_panel
    stroke(viewer, [(300, 300)], 5)
    before = stored(scene_path).read(WHOLE)
    for button in (dock.inspect_panel.side, dock.inspect_panel.curtain):
        shown = {x.name: x.visible for x in viewer.layers}
        qtbot.mouseClick(button, LEFT)
        assert button.isChecked()
        assert not layer.visible and layer.mode == "pan_zoom"
        assert not panel.tools["paint"].isEnabled() and panel.message.text() == words.COMPARING
        look_at(viewer, dock, (500, 500))
        press(viewer, "3")
        assert not layer.visible and layer.mode == "pan_zoom"
        qtbot.mouseClick(button, LEFT)
        assert {x.name: x.visible for x in viewer.layers} == shown
        assert panel.tools["paint"].isEnabled() and layer.mode == "paint"
    np.testing.assert_array_equal(stored(scene_path).read(WHOLE), before)
    look_at(viewer, dock, (1300, 1500), 0.2)
    assert viewer.layers["UHRNet fused"].visible


def test_marking_the_view_reviewed_freezes_what_is_shown(open_dock, scene_path, qtbot):
    viewer, dock = open_dock()
    segment(dock, qtbot)
    start(viewer, dock, qtbot)
    press(viewer, "R")
    store, view = stored(scene_path), dock.state.view
    assert store.reviewed(WHOLE).sum() == view.area_px and store.reviewed(view).all()
    assert store.checkpoints == ("painted",)
    qtbot.waitUntil(
        lambda: sum(dock.parts.correcting.state.reviewed_px.values()) == view.area_px,
        timeout=30_000,
    )
    assert f"{view.area_px / WHOLE.area_px:.1%}"[:-1] in dock.correct_panel.counts.text()
    hatching = viewer.layers[REVIEWED_NAME].data
    place = view.relative_to(dock.parts.correcting.scene.painting.paint.window).slices
    assert (hatching[place] == 1).any()
    outside = np.ones(hatching.shape, bool)
    outside[place] = False
    assert (hatching[outside] == 255).all()
    press(viewer, "Control-Z")
    assert (hatching == 255).all()


def test_polygons_in_one_go_and_large_ones_with_progress(open_dock, scene_path, qtbot, monkeypatch):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot, (1300, 1500), 0.2)
    panel, state = dock.correct_panel, dock.parts.correcting.state
    assert not panel.polygon.apply.isEnabled()
    qtbot.mouseClick(panel.polygon.draw, LEFT)
    shapes = viewer.layers["UHRNet polygons"]
    assert shapes.mode == "add_polygon" and viewer.layers.selection.active is shapes
    qtbot.mouseClick(panel.tools["move"], LEFT)
    assert shapes.mode == "pan_zoom" and not panel.polygon.draw.isChecked()
    corners = np.array([(99.5, 99.5), (99.5, 2499.5), (2399.5, 2499.5), (2399.5, 99.5)])
    shapes.add_polygons(corners)
    state.class_id = 6
    before = panel.polygon.operation()
    assert before.class_id == 6
    for at_once in (10**9, 10):
        monkeypatch.setattr(region_editing, "AT_ONCE_PX", at_once)
        qtbot.mouseClick(panel.polygon.apply, LEFT)
        qtbot.waitUntil(lambda: state.progress is None, timeout=60_000)
        labels = stored(scene_path).read(WHOLE)
        assert (labels[100:2400, 100:2500] == 6).all()
        assert (labels[:100] == 255).all() and (labels[:, 2500:] == 255).all()
        for button, expected in ((panel.undo, 255), (panel.redo, 6), (panel.undo, 255)):
            qtbot.mouseClick(button, LEFT)
            assert (state.progress is None) == (at_once > 10)
            qtbot.waitUntil(lambda: state.progress is None, timeout=60_000)
            assert (stored(scene_path).read(WHOLE)[100:2400, 100:2500] == expected).all()
        assert (stored(scene_path).read(WHOLE) == 255).all()
    monkeypatch.setattr(region_editing.LongEdit, "_report", _stopped)
    qtbot.mouseClick(panel.polygon.apply, LEFT)
    qtbot.waitUntil(lambda: state.progress is None, timeout=60_000)
    assert panel.message.text() == words.CANCELLED
    assert (stored(scene_path).read(WHOLE) == 255).all()


def test_all_that_can_be_done_to_a_polygon(open_dock, scene_path, qtbot):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    panel, state = dock.correct_panel.polygon, dock.parts.correcting.state
    state.brush_px = 31
    stroke(viewer, [(300, 300)], 3)
    state.class_id = 3
    panel._correcting.draw_polygon()
    shapes = viewer.layers["UHRNet polygons"]
    shapes.add_rectangles(
        np.array([(199.5, 199.5), (199.5, 399.5), (399.5, 399.5), (399.5, 199.5)])
    )

    def count(class_id):
        return int((stored(scene_path).read(WHOLE) == class_id).sum())

    def apply(name, size=None):
        panel.action.setCurrentIndex(panel.action.findData(name))
        assert panel.size.isHidden() == (size is None)
        if size is not None:
            panel.size.setValue(size)
        qtbot.mouseClick(panel.apply, LEFT)

    disk = count(3)
    apply("grow", 5)
    assert disk < count(3) < 41**2
    apply("review")
    assert stored(scene_path).reviewed(WHOLE).sum() == count(3)
    apply("unreview")
    assert not stored(scene_path).reviewed(WHOLE).any()
    apply("smooth", 2)
    panel.old.setCurrentIndex(panel.old.findData(3))
    state.class_id = 4
    before = count(3)
    apply("replace")
    assert (count(3), count(4)) == (0, before)
    stroke(viewer, [(300, 300)], 5)
    apply("holes", 64)
    assert (count(5), count(4)) == (0, before)
    stroke(viewer, [(330, 300)], 5)
    both = count(4), count(5)
    apply("shrink", 3)
    assert count(4) < both[0] and count(5) > both[1] and count(4) + count(5) == sum(both)
    apply("set")
    assert count(4) == 200 * 200
    # A disk in one of the squares of 32 px that the picture is made of.
    stroke(viewer, [(302, 302)], 5)
    state.class_id = 5
    apply("snap", 12)
    assert state.undoable == SNAP
    assert (stored(scene_path).read(Window(291, 291, 26, 26)) == 5).all()
    assert count(5) < 34**2
    apply("model")
    assert count(4) == 0
    assert state.undoable == RESET


def test_closing_while_a_large_edit_runs_takes_it_back(open_dock, scene_path, qtbot, monkeypatch):
    viewer, dock = open_dock()
    monkeypatch.setattr(region_editing, "AT_ONCE_PX", 10)
    start(viewer, dock, qtbot)
    stroke(viewer, [(300, 300)], 3)
    before = stored(scene_path).read(WHOLE)
    go_on, begun = Event(), Event()

    def report(self, share):
        begun.set()
        go_on.wait(30)
        if self._stop.is_set():
            raise region_editing.Stopped

    monkeypatch.setattr(region_editing.LongEdit, "_report", report)
    dock.parts.correcting.draw_polygon()
    viewer.layers["UHRNet polygons"].add_polygons(
        np.array([(99.5, 99.5), (99.5, 2499.5), (2399.5, 2499.5), (2399.5, 99.5)])
    )
    state = dock.parts.correcting.state
    state.class_id = 6
    qtbot.mouseClick(dock.correct_panel.polygon.apply, LEFT)
    assert begun.wait(30) and state.progress is not None
    assert not dock.correct_panel.undo.isEnabled() and not dock.correct_panel.progress.isHidden()
    # All of this waits for the edit, or is left alone.
    stroke(viewer, [(350, 350)], 5)
    dock.parts.correcting.undo()
    press(viewer, "R")
    look_at(viewer, dock, (2200, 2500))
    dock.parts.correcting.stop_edit()
    go_on.set()
    dock.parts.correcting.stop()
    assert state.progress is None and not state.active
    labels = stored(scene_path).read(WHOLE)
    assert (labels[before != 255] == 3).all() and labels[350, 350] == 5
    assert set(np.unique(labels)) == {3, 5, 255}
    assert not stored(scene_path).reviewed(WHOLE).any()


def _stopped(self, share):
    raise region_editing.Stopped


def test_number_keys_pick_and_the_viewers_own_controls(open_dock, qtbot):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    state, layer = dock.parts.correcting.state, viewer.layers[NAME]
    ids = list(dock.parts.correcting.state.classes.names)
    # A real key: napari does more with it than with one that is handed to its key map.
    with qtbot.capture_exceptions() as exceptions:
        qtbot.keyClick(viewer.window._qt_viewer.canvas.native, "3")
    assert not exceptions
    assert state.class_id == ids[2] == layer.selected_label
    assert dock.correct_panel.classes.buttons[ids[2]].isChecked()
    qtbot.mouseClick(dock.correct_panel.tools["pick"], LEFT)
    assert layer.mode == "pick"
    layer.selected_label = ids[4]
    assert (state.class_id, state.tool, layer.mode) == (ids[4], "paint", "paint")
    layer.selected_label = 200
    assert layer.selected_label == ids[4]
    layer.mode = "erase"
    assert dock.correct_panel.tools["erase"].isChecked()
    layer.brush_size = 33
    assert dock.correct_panel.brush.value() == 33
    press(viewer, "B")
    assert not layer.preserve_labels


def drag(viewer, *points, between=lambda: None):
    """Press, move and release the mouse over the paint layer, at level-0 pixels."""
    layer = viewer.layers[NAME]
    interactions.mouse_press_callbacks(layer, _mouse("mouse_press", points[0]))
    for point in points[1:]:
        interactions.mouse_move_callbacks(layer, _mouse("mouse_move", point))
        between()
    interactions.mouse_release_callbacks(layer, _mouse("mouse_release", points[-1]))


def _mouse(kind, point):
    return read_only_mouse_event(
        type=kind, is_dragging=kind == "mouse_move", button=1, position=point
    )


def test_superpixels_are_painted_while_the_mouse_is_dragged(open_dock, scene_path, qtbot):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    dock.parts.correcting.state.class_id = 5
    qtbot.mouseClick(dock.correct_panel.tools["superpixel"], LEFT)
    assert not viewer.layers[NAME].mouse_pan
    assert dock.correct_panel.brush.isHidden() and not dock.correct_panel.superpixel.isHidden()
    drag(viewer, (300, 300), (300, 420), (-50, 420))
    labels = stored(scene_path).read(WHOLE)
    assert labels[300, 300] == labels[300, 420] == 5 and 100 < (labels == 5).sum() < 10_000
    # Blocks of 32 px have one colour: no piece goes beyond its block's neighbours.
    assert (labels[:200] == 255).all() and (labels[:, :200] == 255).all()
    assert shown_at(viewer, (300, 300)) == 5
    dock.parts.correcting.state.tool = "move"
    assert viewer.layers[NAME].mouse_pan
    dock.parts.correcting.state.tool = "superpixel"
    look_at(viewer, dock, (1300, 1500), 0.2)
    assert viewer.layers[NAME].mouse_pan
    look_at(viewer, dock, (400, 400))
    assert not viewer.layers[NAME].mouse_pan
    dock.parts.correcting.state.tool = "move"
    drag(viewer, (600, 600), (600, 620))
    np.testing.assert_array_equal(stored(scene_path).read(WHOLE), labels)


def test_a_view_that_moves_in_the_middle_of_a_stroke_loses_nothing(open_dock, scene_path, qtbot):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    dock.parts.correcting.state.class_id, dock.parts.correcting.state.brush_px = 4, 11

    def go_on():
        look_at(viewer, dock, (1900, 2100))

    drag(viewer, (300, 300), (300, 310), (300, 340), between=go_on)
    assert dock.parts.correcting.scene.painting.paint.window.contains(dock.state.view)
    labels = stored(scene_path).read(WHOLE)
    assert (labels[300, 300:341] == 4).all()
    rows, columns = np.nonzero(labels != 255)
    assert rows.max() < 310 and columns.max() < 350
    look_at(viewer, dock, (400, 400))
    assert shown_at(viewer, (300, 305)) == 4
    dock.parts.correcting.undo()
    assert not dock.parts.correcting.state.undoable
    assert (stored(scene_path).read(WHOLE) == 255).all()


def test_zoomed_out_corrections_and_reviewed_pixels_are_seen(open_dock, scene_path, qtbot):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    dock.parts.correcting.state.brush_px = 41
    stroke(viewer, [(300, 300), (800, 800)], 3)
    overview = dock.parts.correcting.scene.overview
    assert overview.step == 2
    look_at(viewer, dock, (1300, 1500), 0.2)
    layer = viewer.layers[OVERVIEW]
    qtbot.waitUntil(lambda: layer.data[150, 150] == 3, timeout=30_000)
    np.testing.assert_array_equal(layer.data, stored(scene_path).read(WHOLE)[::2, ::2])
    assert layer.visible
    press(viewer, "Control-Z")
    qtbot.waitUntil(lambda: bool((layer.data == 255).all()), timeout=30_000)
    press(viewer, "Control-Shift-Z")
    dock.parts.correcting.mark_view_reviewed()
    qtbot.waitUntil(lambda: len(np.unique(layer.data)) == 3, timeout=30_000)
    assert (layer.data != 255).sum() == (stored(scene_path).read(WHOLE)[::2, ::2] == 3).sum()
    look_at(viewer, dock, (400, 400))
    assert not layer.visible
    dock.parts.correcting.stop()
    assert OVERVIEW not in viewer.layers
    viewer.scene.camera.zoom = 0.2
    dock.parts.correcting.start()
    look_at(viewer, dock, (1300, 1500), 0.2)
    qtbot.waitUntil(lambda: viewer.layers[OVERVIEW].data[150, 150] != 255, timeout=30_000)


def test_a_viewer_that_closes_lets_others_correct(open_dock, scene_path, qtbot):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    stroke(viewer, [(300, 300)], 3)
    assert not stored(scene_path).try_claim()
    view = dock.state.view
    viewer.close()
    open_dock.docks.clear()
    store = stored(scene_path)
    qtbot.waitUntil(store.try_claim, timeout=30_000)
    assert store.read(Window(300, 300, 1, 1)) == 3
    assert Project.open(scene_path.with_suffix(".uhrnet")).scenes[0].view == view
    store.close()


def test_a_new_viewer_shows_what_was_painted_and_can_undo_it(open_dock, scene_path, qtbot):
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    stroke(viewer, [(300, 300)], 3)
    viewer.window.remove_dock_widget(dock)
    viewer, dock = open_dock()
    start(viewer, dock, qtbot)
    assert shown_at(viewer, (300, 300)) == 3
    qtbot.mouseClick(dock.correct_panel.undo, LEFT)
    assert (stored(scene_path).read(WHOLE) == 255).all()


def test_a_folder_that_takes_nothing_is_said_and_another_is_remembered(
    open_dock, scene_path, tmp_path, qtbot, monkeypatch
):
    viewer, dock = open_dock()
    scene_path.with_suffix(".uhrnet").write_text("in the way")
    qtbot.mouseClick(dock.correct_panel.toggle, LEFT)
    assert "town.uhrnet" in dock.correct_panel.message.text()
    assert not dock.correct_panel.toggle.isChecked() and NAME not in viewer.layers
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setattr(
        "napari_uhrnet.widgets.correct.panel.QFileDialog.getExistingDirectory",
        lambda *args: str(elsewhere),
    )
    qtbot.mouseClick(dock.correct_panel.folder, LEFT)
    assert dock.parts.correcting.state.active and (elsewhere / "project.json").exists()
    qtbot.mouseClick(dock.correct_panel.toggle, LEFT)
    qtbot.mouseClick(dock.correct_panel.toggle, LEFT)
    assert dock.parts.correcting.state.folder == str(elsewhere)


def test_without_a_file_or_an_image_there_is_a_sentence(open_dock, qtbot):
    viewer, dock = open_dock()
    viewer.layers.clear()
    qtbot.mouseClick(dock.correct_panel.toggle, LEFT)
    assert "Open an image first" in dock.correct_panel.message.text()
    viewer.add_image(np.zeros((300, 300, 3), np.uint8), name="loose")
    qtbot.mouseClick(dock.correct_panel.toggle, LEFT)
    assert "loose: only images in a file" in dock.correct_panel.message.text()


def test_hundreds_of_actions_leave_what_a_plain_array_says(open_dock, scene_path, qtbot):
    viewer, dock = open_dock()
    rng = np.random.default_rng(20)
    start(viewer, dock, qtbot)
    labels, done, undone = np.full(SHAPE, 255, np.uint8), [], []
    for _ in range(300):
        action = rng.choice(["paint"] * 6 + ["pan"] * 3 + ["zoom", "undo", "undo", "redo", "close"])
        paint = dock.parts.correcting.scene.painting.paint
        if action == "paint" and paint.is_shown:
            window = paint.window
            y, x = (int(rng.integers(a, b)) for a, b in
                    ((window.y, window.bottom), (window.x, window.right)))  # fmt: skip
            size, value = int(rng.integers(1, 60)), int(rng.choice([1, 2, 5, 255]))
            dock.parts.correcting.state.brush_px = size
            before = labels.copy()
            _disk(labels, window, (y, x), viewer.layers[NAME], value)
            stroke(viewer, [(y, x)], value)
            if (before != labels).any():
                done.append(before)
                undone.clear()
                del done[:-40]
        elif action == "pan":
            look_at(viewer, dock, rng.uniform((0, 0), SHAPE), viewer.scene.camera.zoom)
        elif action == "zoom":
            look_at(viewer, dock, rng.uniform((0, 0), SHAPE), float(rng.choice([0.2, 0.6, 1, 3])))
        elif action == "undo" and done:
            undone.append(labels)
            labels = done.pop()
            dock.parts.correcting.undo()
        elif action == "redo" and undone:
            done.append(labels)
            labels = undone.pop()
            press(viewer, "Control-Shift-Z")
        elif action == "close":
            if NAME in viewer.layers and rng.random() < 0.7:
                viewer.layers.remove(str(rng.choice([NAME, REVIEWED_NAME])))
            else:
                dock.parts.correcting.stop()
            assert NAME not in viewer.layers and REVIEWED_NAME not in viewer.layers
            assert dock.parts.correcting.start()
    np.testing.assert_array_equal(stored(scene_path).read(WHOLE), labels)
    np.testing.assert_array_equal(
        Corrections(dock.parts.correcting._open.journal, _nothing).shown(WHOLE), labels
    )
    assert dock.parts.correcting.state.message == ""


def _disk(labels, window, centre, layer, value):
    """Napari's brush, drawn into a plain array."""
    radius = layer.brush_size // 2 + 0.5
    rows, columns = np.ogrid[: labels.shape[0], : labels.shape[1]]
    mask = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2
    part = np.zeros(labels.shape, bool)
    part[window.slices] = True
    labels[mask & part] = value
