"""The read-out in napari's real window; needs a screen."""

import csv

import numpy as np
import pytest
from napari.utils.theme import get_theme
from qtpy.QtCore import QEvent, QPoint, QPointF, QSettings, Qt
from qtpy.QtGui import QColor, QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_uhrnet.engine.inspect.point import point_state, probabilities_at
from napari_uhrnet.errors import UserError
from napari_uhrnet.session.engine import LocalEngine
from napari_uhrnet.session.inspect.pins import PointPrediction, sentence
from napari_uhrnet.widgets.inspect.readout_panel import MOST_CLASSES, PredictionView
from napari_uhrnet.widgets.inspect.words import (
    CHOOSE_FILE,
    MOVE_CURSOR,
    NO_SCENE,
    OUTSIDE,
    PIN_KEY,
    PINS_LAYER,
)
from napari_uhrnet.widgets.main import UHRNetWidget
from napari_uhrnet.widgets.words import READ_OUT
from tests.engine.scenes import picture
from tests.models.tiny import tiny_card, tiny_model
from tests.session.inspect.test_readout import READING, reading_of

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
SHAPE = (200, 160)


class TinyEngine(LocalEngine):
    """A real engine with tiny networks: another one by each name."""

    def read_card(self, name):
        if name == "empty":
            raise UserError("empty: no weights: load or train a checkpoint of it first")
        return tiny_card()

    def load_model(self, name, device):
        return tiny_model(1 if "other" in name else 0)


@pytest.fixture
def viewer(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1300, 900)
    qtbot.waitExposed(viewer.window._qt_window)
    return viewer


@pytest.fixture
def dock(viewer, tmp_path):
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("model", "tiny")
    widget = UHRNetWidget(viewer, settings=settings, engine=TinyEngine())
    viewer.window.add_dock_widget(widget, name="UHRNet", area="right")
    yield widget
    widget.shut_down()


@pytest.fixture
def image(viewer, dock):
    layer = viewer.add_image(picture(*SHAPE), rgb=True, scale=(2, 2), translate=(30, 50))
    viewer.scene.camera.center = (0, *layer.data_to_world((100, 80)))
    viewer.scene.camera.zoom = 1.5
    return layer


@pytest.fixture
def panel(dock, image):
    return dock.tools.open_readout()


def canvas_of(viewer):
    return viewer.window._qt_viewer.canvas.native


def on_canvas(viewer, layer, pixel):
    """Where the middle of a pixel is on the canvas."""
    camera, canvas = viewer.scene.camera, canvas_of(viewer)
    away = (np.asarray(layer.data_to_world(pixel)) - camera.center[-2:]) * camera.zoom
    return QPoint(round(canvas.width() / 2 + away[1]), round(canvas.height() / 2 + away[0]))


def mouse_to(viewer, place, button=Qt.MouseButton.NoButton, modifier=NONE):
    """Move the mouse on the canvas; the cursor of the screen stays, where it may be already."""
    canvas = canvas_of(viewer)
    at, on_screen = QPointF(place), QPointF(canvas.mapToGlobal(place))
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, at, on_screen, none, button, modifier)
    QApplication.sendEvent(canvas, event)


def move(viewer, dock, layer, pixel, qtbot):
    """Move the cursor to a pixel and wait until that is read."""
    mouse_to(viewer, on_canvas(viewer, layer, pixel))
    qtbot.waitUntil(lambda: shown(dock) == pixel, timeout=60_000)


def click(viewer, layer, pixel, modifier=SHIFT):
    QTest.mouseClick(canvas_of(viewer), LEFT, modifier, on_canvas(viewer, layer, pixel))


def shown(dock):
    """The pixel that is shown, once all that are asked have answered."""
    point = dock.parts.readout.shown
    if point is None or not set(dock.parts.readout.setting.models) <= set(point.predictions):
        return None
    return point.y, point.x


def places(dock):
    return [(pin.y, pin.x) for pin in dock.parts.readout.pins]


def test_the_panel_follows_the_cursor_and_says_what_the_engine_says(
    viewer, dock, image, panel, qtbot
):
    assert panel.place.text() == MOVE_CURSOR
    assert not any(prediction.isVisible() for prediction in panel.predictions)
    first, other = panel.predictions
    state = point_state(dock.state.scene, tiny_model())
    for pixel in ((100, 80), (37, 120)):
        move(viewer, dock, image, pixel, qtbot)
        reading = probabilities_at(state, *pixel)
        assert first.words.text() == sentence(reading)
        assert f"y {pixel[0]}, x {pixel[1]}" in panel.place.text()
        assert first.bars.isVisible() and not other.isVisible()
        assert [len(bars.opts["width"]) for bars in first.bars._items[:3]] == [3, 3, 3]
        for bars, name in zip(first.bars._items, ("global", "local", "fused"), strict=False):
            np.testing.assert_array_equal(
                np.float32(bars.opts["width"]), reading.branches[name].probabilities
            )
    assert dock.tools.open_readout() is panel


def test_another_network_is_shown_below(viewer, dock, image, panel, qtbot, monkeypatch):
    move(viewer, dock, image, (100, 80), qtbot)
    path = "/somewhere/other.safetensors"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (path, ""))
    panel.other.setCurrentText(CHOOSE_FILE)
    panel.other.activated.emit(panel.other.currentIndex())
    assert panel.chosen == path and panel.other.currentText() == "other"
    qtbot.waitUntil(lambda: shown(dock) == (100, 80), timeout=60_000)
    reading = probabilities_at(point_state(dock.state.scene, tiny_model(1)), 100, 80)
    first, other = panel.predictions
    assert other.isVisible() and other.words.text() == sentence(reading) != first.words.text()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("", ""))
    panel.other.setCurrentText(CHOOSE_FILE)
    panel.other.activated.emit(panel.other.currentIndex())
    assert panel.chosen == "" and not other.isVisible() and first.isVisible()


def test_shift_and_click_pins_but_no_other_press_does(viewer, dock, image, panel, qtbot):
    move(viewer, dock, image, (100, 80), qtbot)
    click(viewer, image, (100, 80), NONE)
    assert places(dock) == []
    click(viewer, image, (100, 80))
    assert places(dock) == [(100, 80)]
    canvas, start = canvas_of(viewer), on_canvas(viewer, image, (100, 80))
    QTest.mousePress(canvas, LEFT, SHIFT, start)
    mouse_to(viewer, start + QPoint(40, 0), LEFT, SHIFT)
    QTest.mouseRelease(canvas, LEFT, SHIFT, start + QPoint(40, 0))
    assert len(places(dock)) == 1
    labels = viewer.add_labels(np.zeros(SHAPE, np.uint8), scale=(2, 2), translate=(30, 50))
    labels.mode = "paint"
    click(viewer, image, (60, 60))
    assert len(places(dock)) == 1
    viewer.window._qt_viewer._key_map_handler.press_key(PIN_KEY)
    assert len(places(dock)) == 2
    assert panel.pins.table.rowCount() == 2


def test_pins_are_points_that_go_with_the_panel_and_come_back(viewer, dock, image, panel, qtbot):
    assert PINS_LAYER not in viewer.layers
    active = viewer.layers.selection.active
    dock.parts.readout.pin(10, 20)
    dock.parts.readout.pin(30, 40)
    layer = viewer.layers[PINS_LAYER]
    assert viewer.layers.selection.active is active
    assert layer.data.tolist() == [[10, 20], [30, 40]]
    assert list(layer.features["name"]) == ["Pin 1", "Pin 2"]
    world = layer.data_to_world((10, 20))
    np.testing.assert_allclose(world, image.data_to_world((10, 20)))
    viewer.layers.remove(layer)
    assert len(dock.parts.readout.pins) == 2
    dock.parts.readout.pin(50, 60)
    assert len(viewer.layers[PINS_LAYER].data) == 3
    dock.docks.close()
    assert PINS_LAYER not in viewer.layers
    assert viewer.mouse_move_callbacks == [] and len(viewer.mouse_drag_callbacks) == 1
    dock.tools.open_readout()
    assert len(viewer.layers[PINS_LAYER].data) == 3
    viewer.layers.remove(image)
    assert PINS_LAYER not in viewer.layers and dock.parts.readout.pins == []
    dock.docks.close()


def test_the_table_leads_to_pins(viewer, dock, image, panel, qtbot):
    for pixel in ((10, 20), (150, 120)):
        dock.parts.readout.pin(*pixel)
    pins, table = panel.pins, panel.pins.table
    qtbot.waitUntil(lambda: all(p.predictions for p in dock.parts.readout.pins), timeout=60_000)
    qtbot.waitUntil(lambda: not dock.parts.readout.status.busy, timeout=60_000)
    reading = dock.parts.readout.pins[1].predictions["tiny"].reading
    wanted = reading.classes.names[reading.branches["fused"].class_id]
    assert [table.item(1, k).text() for k in range(4)] == ["Pin 2", "150", "120", wanted]
    assert not pins.go.isEnabled() and not pins.delete.isEnabled()
    table.selectRow(1)
    assert panel.place.text() == "Pin 2: y 150, x 120"
    assert panel.predictions[0].words.text() == sentence(reading)
    qtbot.mouseClick(pins.go, LEFT)
    centre = np.asarray(viewer.scene.camera.center[-2:])
    np.testing.assert_allclose(image.world_to_data(centre), (150, 120))
    dock.parts.readout.hover(3, 3)
    table.cellClicked.emit(1, 0)
    assert dock.parts.readout.shown is dock.parts.readout.pins[1]
    before = table.item(1, 0)
    dock.parts.readout.pins_changed.emit()
    assert table.item(1, 0) is before
    table.item(1, 0).setText("ford")
    assert dock.parts.readout.pins[1].name == "ford"
    assert list(viewer.layers[PINS_LAYER].features["name"]) == ["Pin 1", "ford"]
    qtbot.mouseClick(pins.delete, LEFT)
    assert places(dock) == [(10, 20)] and table.rowCount() == 1
    qtbot.mouseClick(pins.delete, LEFT)
    assert table.rowCount() == 0 and PINS_LAYER not in viewer.layers
    assert not pins.save.isEnabled() and "Shift" in pins.message.text()


def test_the_cursor_is_followed_only_if_it_shall_be(viewer, dock, image, panel, qtbot):
    move(viewer, dock, image, (100, 80), qtbot)
    panel.follow.setChecked(False)
    mouse_to(viewer, on_canvas(viewer, image, (20, 20)))
    assert not dock.docks._open[READ_OUT.dock][0]._timer.isActive()
    qtbot.mouseClick(panel.pins.pin, LEFT)
    assert places(dock) == [(100, 80)]
    panel.follow.setChecked(True)
    mouse_to(viewer, on_canvas(viewer, image, (-8, 20)))
    qtbot.waitUntil(lambda: panel.place.text() == OUTSIDE, timeout=10_000)
    assert not panel.predictions[0].isVisible() and not panel.pins.pin.isEnabled()
    click(viewer, image, (-8, 20))
    assert len(places(dock)) == 1


def test_all_pins_are_saved(viewer, dock, image, panel, qtbot, monkeypatch, tmp_path):
    dock.parts.readout.pin(10, 20)
    qtbot.waitUntil(lambda: bool(dock.parts.readout.pins[0].predictions), timeout=60_000)
    path = tmp_path / "pins.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(path), ""))
    qtbot.mouseClick(panel.pins.save, LEFT)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(r["pin"], r["y_px"], r["x_px"], r["model"]) for r in rows] == [
        ("Pin 1", "10", "20", "tiny")
    ] * 3
    assert panel.pins.message.text() == "Saved pins.csv."
    move(viewer, dock, image, (100, 80), qtbot)
    assert panel.pins.message.isVisible()
    path = tmp_path / "missing" / "pins.csv"
    qtbot.mouseClick(panel.pins.save, LEFT)
    assert "cannot be written" in panel.pins.message.text()
    assert panel.pins.message.isVisible()


def test_without_a_scene_or_weights_there_is_a_sentence(viewer, dock, qtbot):
    panel = dock.tools.open_readout()
    assert panel.place.text() == NO_SCENE
    mouse_to(viewer, QPoint(100, 100))
    panel.pins.pin_pressed.emit()
    layer = viewer.add_image(picture(*SHAPE), rgb=True)
    assert panel.place.text() == MOVE_CURSOR
    dock.state.model = "empty"
    assert "no weights" in panel.place.text()
    dock.parts.readout.hover(3, 3)
    assert dock.parts.readout.shown is None
    dock.state.model = "tiny"
    move(viewer, dock, layer, (100, 80), qtbot)


def test_closing_while_a_point_is_read_breaks_nothing(viewer, dock, image, panel, qtbot):
    mouse_to(viewer, on_canvas(viewer, image, (100, 80)))
    dock.parts.readout.hover(100, 80)
    dock.docks.close()
    panel = dock.tools.open_readout()
    assert panel.place.text() == MOVE_CURSOR
    dock.parts.readout.hover(50, 40)
    mouse_to(viewer, on_canvas(viewer, image, (50, 40)))
    dock.shut_down()
    mouse_to(viewer, on_canvas(viewer, image, (60, 40)))
    qtbot.wait(10)


def test_bars_of_many_classes(qtbot):
    from napari_uhrnet.geometry.classes import ClassTable, LabelClass

    names = [f"a class with a long name {k}" for k in range(30)]
    table = ClassTable("n", tuple(LabelClass(k, n, (k, k, k)) for k, n in enumerate(names)))
    shares = np.linspace(1, 2, 30)
    view = PredictionView("readout")
    qtbot.addWidget(view)
    bars, many = view.bars, reading_of(table, fused=shares / shares.sum())
    view.show_predictions("n", PointPrediction("n", many))
    assert len(bars._items[0].opts["width"]) == MOST_CLASSES
    high = bars.height()
    view.show_predictions("n", PointPrediction("n", READING))
    assert len(bars._items[0].opts["width"]) == 3 and bars.height() < high
    assert len(bars.getPlotItem().items) == len(bars._items)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_bars_are_labelled_in_the_ink_of_the_theme(dock, viewer, theme):
    panel = dock.tools.open_readout()
    viewer.theme = theme
    ink = get_theme(theme).text.as_hex()
    for prediction in panel.predictions:
        axis = prediction.bars.getPlotItem().getAxis("left")
        assert axis.textPen().color() == QColor(ink)
