"""The dock in napari's real window; needs a screen."""

import numpy as np
import pytest
from qtpy.QtCore import QSettings, Qt
from qtpy.QtGui import QOpenGLContext

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.widgets.main import UHRNetWidget
from tests.widgets.painted_engine import CLASSES, PaintedEngine, class_at, paint

LEFT = Qt.MouseButton.LeftButton
WINDOW_PX = (1500, 960)


@pytest.fixture
def settings(tmp_path):
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("model", "painted")
    settings.setValue("opacity", 1.0)
    return settings


@pytest.fixture
def viewer(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(*WINDOW_PX)
    qtbot.waitExposed(viewer.window._qt_window)
    return viewer


@pytest.fixture
def engine(tmp_path):
    return PaintedEngine(tmp_path)


@pytest.fixture
def dock(viewer, settings, engine):
    widget = UHRNetWidget(viewer, settings=settings, engine=engine)
    viewer.window.add_dock_widget(widget, name="UHRNet", area="right")
    yield widget
    widget.parts.controller.close()


def segment(dock, qtbot):
    qtbot.mouseClick(dock.run_panel.segment, LEFT)
    qtbot.waitUntil(lambda: not dock.state.status.busy, timeout=60_000)


def canvas_colour(viewer, layer, pixel_yx):
    """RGB on the canvas where a pixel of a layer is shown."""
    world = np.asarray(layer.data_to_world(pixel_yx))
    picture = viewer.screenshot(canvas_only=True, flash=False)
    camera = viewer.scene.camera
    size = np.asarray(viewer.canvas.size, float)
    place = (world - np.asarray(camera.center[-2:])) * camera.zoom + size / 2
    place *= np.asarray(picture.shape[:2]) / size
    y, x = place.astype(int)
    return tuple(int(v) for v in picture[y, x, :3])


def test_segment_without_an_image_helps(dock, qtbot):
    segment(dock, qtbot)
    assert "Open an image first" in dock.run_panel.message.text()


def test_segment_paints_what_the_store_holds(dock, viewer, qtbot, picture):
    image = viewer.add_image(picture, name="noise")
    assert dock.scene_panel.layer() is image
    zoom = viewer.scene.camera.zoom
    segment(dock, qtbot)
    dock.parts.overlay.refresh()
    qtbot.wait(100)
    assert viewer.scene.camera.zoom == zoom
    assert viewer.layers.selection.active is image
    palette = CLASSES.palette
    for row, column in [(0, 0), (1, 3), (3, 4)]:
        colour = canvas_colour(viewer, image, (row * 128 + 64, column * 128 + 64))
        assert colour == tuple(palette[class_at((row, column))])
    labels = viewer.layers["UHRNet fused"]
    assert "class: urban" in labels.get_status((10, 10), world=True)["value"]


def test_fresh_tiles_show_at_every_zoom(dock, viewer, qtbot):
    image = viewer.add_image(np.zeros((4096, 4096, 3), np.uint8), name="large")
    dock.state.region = "rectangle"
    dock.state.rectangle = Window(0, 0, 10, 10)
    segment(dock, qtbot)
    store = dock.parts.controller.workspace.store
    levels = []
    for k, zoom in enumerate([0.1, 0.4, 4.0, 0.1, 0.4, 4.0]):
        cell = 16, 10 + k
        centre = (cell[0] * 128 + 64, cell[1] * 128 + 64)
        viewer.scene.camera.center = (0, *centre)
        viewer.scene.camera.zoom = zoom
        qtbot.wait(50)
        assert canvas_colour(viewer, image, centre) == (0, 0, 0)
        paint(store, [cell])
        dock.parts.overlay.refresh()
        qtbot.wait(50)
        levels.append(viewer.layers["UHRNet fused"].data_level)
        assert canvas_colour(viewer, image, centre) == tuple(CLASSES.palette[class_at(cell)])
    assert len(set(levels)) == 3


def test_moving_the_view_segments_what_is_new_in_it(dock, viewer, qtbot):
    viewer.add_image(np.zeros((4096, 4096, 3), np.uint8), name="large")
    viewer.scene.camera.zoom = 2.0
    viewer.scene.camera.center = (0, 600, 600)
    segment(dock, qtbot)
    store = dock.parts.controller.workspace.store
    assert not store.is_finished(23, 23)
    viewer.scene.camera.center = (0, 3000, 3000)
    qtbot.waitUntil(lambda: store.is_finished(23, 23), timeout=30_000)


@pytest.mark.parametrize("what", ["dock", "viewer"])
def test_closing_while_running_stops_the_worker(dock, viewer, engine, qtbot, what, monkeypatch):
    viewer.add_image(np.zeros((4096, 4096, 3), np.uint8), name="large")
    dock.state.region = "scene"
    monkeypatch.setattr("napari_uhrnet.session.plan.ASK_ABOVE_PATCHES", 9999)
    qtbot.mouseClick(dock.run_panel.segment, LEFT)
    qtbot.waitUntil(lambda: dock.parts.controller.workspace is not None, timeout=30_000)
    store = dock.parts.controller.workspace.store
    if what == "dock":
        viewer.window.remove_dock_widget(dock)
    else:
        viewer.close()
    qtbot.waitUntil(lambda: bool(engine.closed), timeout=30_000)
    assert not store.finished().all()


def test_the_dock_fits_a_window_of_1000_px(dock, viewer, qtbot, picture):
    viewer.add_image(picture, name="noise")
    segment(dock, qtbot)
    panels = (dock.scene_panel, dock.model_panel, dock.run_panel, dock.legend_panel)
    height = sum(panel.sizeHint().height() for panel in panels)
    assert height < dock.height() < 1000
    assert dock.width() <= 360


def test_choosing_another_layer_and_removing_it(dock, viewer, qtbot, picture):
    first = viewer.add_image(picture, name="first")
    second = viewer.add_image(picture[:100, :100], name="second")
    assert dock.scene_panel.layer() is first
    dock.scene_panel.layers.setCurrentIndex(1)
    assert dock.state.scene.shape_yx == (100, 100)
    viewer.layers.remove(second)
    assert dock.state.scene.shape_yx == (512, 640)
    viewer.layers.remove(first)
    assert dock.state.scene is None


def test_a_stack_is_refused_in_the_message_line(dock, viewer):
    viewer.add_image(np.zeros((5, 20, 20)), name="stack", rgb=False)
    assert "stack: has 3 axes" in dock.run_panel.message.text()
    assert dock.state.scene is None


def test_drawing_a_rectangle(dock, viewer, qtbot, picture):
    viewer.add_image(picture, name="noise")
    dock.state.region = "rectangle"
    segment(dock, qtbot)
    assert "Draw a rectangle" in dock.run_panel.message.text()
    shapes = viewer.layers["UHRNet region"]
    shapes.add_rectangles(np.array([[9.5, 19.5], [9.5, 99.5], [59.5, 99.5], [59.5, 19.5]]))
    assert dock.state.rectangle == Window(10, 20, 50, 80)
    segment(dock, qtbot)
    store = dock.parts.controller.workspace.store
    assert store.finished()[0, 0] and not store.finished()[1:].any()


def test_a_layer_is_deleted_in_the_canvas_own_context(dock, viewer, qtbot):
    canvas = viewer.window._qt_viewer.canvas
    layer = viewer.add_image(np.zeros((8, 8), np.uint8))
    qtbot.waitUntil(lambda: canvas.native.context() is not None)
    canvas.native.doneCurrent()
    seen = []
    canvas._scene_canvas.context.finish = lambda: seen.append(QOpenGLContext.currentContext())
    viewer.layers.remove(layer)
    assert [at is canvas.native.context() for at in seen] == [True]
