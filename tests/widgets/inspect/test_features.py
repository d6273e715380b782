"""The feature views in napari's real window; needs a screen."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtCore import QSettings, Qt

from napari_uhrnet.engine.inspect.features import frame_at
from napari_uhrnet.errors import UserError
from napari_uhrnet.widgets.main import UHRNetWidget
from tests.engine.scenes import picture
from tests.models.tiny import tiny_card, tiny_model
from tests.widgets.painted_engine import PaintedEngine

LEFT = Qt.MouseButton.LeftButton
SHAPE = (500, 600)
SCALE = 3.0
NAMES = ["features: global", "features: local"]


class TinyEngine(PaintedEngine):
    """Loads a real network, with random weights; frames of 160 px."""

    model = tiny_model()

    def read_card(self, name):
        if name != "painted":
            raise UserError(f"{name}: no weights: load or train a checkpoint of it first")
        return tiny_card()

    def load_model(self, name, device):
        return self.model


@pytest.fixture
def dock(make_napari_viewer, tmp_path, qtbot):
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("model", "painted")
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1300, 900)
    qtbot.waitExposed(viewer.window._qt_window)
    widget = UHRNetWidget(viewer, settings=settings, engine=TinyEngine(tmp_path))
    viewer.window.add_dock_widget(widget, name="UHRNet", area="right")
    yield widget
    widget.shut_down()


@pytest.fixture
def image(dock):
    place = {"scale": (SCALE, SCALE), "translate": (11, -7)}
    return dock._viewer.add_image(picture(*SHAPE), name="town", **place)


def show(dock, panel, qtbot):
    qtbot.mouseClick(panel.show_frame, LEFT)
    qtbot.waitUntil(lambda: not dock.parts.features.status.busy, timeout=60_000)


def names(dock):
    return [layer.name for layer in dock._viewer.layers if layer.name.startswith("features")]


def test_both_branches_lie_where_their_frame_is(dock, image, qtbot):
    viewer = dock._viewer
    viewer.scene.camera.center = (0, *image.data_to_world((380, 420)))
    viewer.scene.camera.zoom = 2.0
    panel = dock.tools.open_features()
    assert not any(check.isEnabled() for check in panel.checks.values())
    show(dock, panel, qtbot)
    assert names(dock) == NAMES
    assert "of the variance" in panel.message.text()
    model = TinyEngine.model
    layout = dock.parts.controller._engine.layout(dock.state.scene, None, model)
    window = layout.frames.window(frame_at(layout, 380, 420))
    assert window.y > 0
    assert window.x > 0
    # The scene's pixel size is not known: the network sees its pixels as they are. 160 px of a
    # frame are 20 cells of the global branch and 40 of the local one.
    corners = np.asarray([
        image.data_to_world((window.y - 0.5, window.x - 0.5)),
        image.data_to_world((window.bottom - 0.5, window.right - 0.5)),
    ])  # fmt: skip
    for name, cells in zip(NAMES, (20, 40), strict=True):
        layer = viewer.layers[name]
        assert layer.rgb
        assert layer.data.shape == (cells, cells, 4)
        assert layer.interpolation2d == "nearest"
        np.testing.assert_allclose(layer._extent_data_augmented, [[-0.5, -0.5], [cells - 0.5] * 2])
        found = [layer.data_to_world((k, k)) for k in (-0.5, cells - 0.5)]
        np.testing.assert_allclose(found, corners)


def test_the_features_are_no_scenes_and_show_together(dock, image, qtbot):
    viewer = dock._viewer
    panel = dock.tools.open_features()
    show(dock, panel, qtbot)
    assert dock.scene_panel.layers.count() == 1
    assert dock.scene_panel.layer() is image
    assert viewer.layers.selection.active is image
    local, globally = panel.checks["local"], panel.checks["global"]
    assert local.isChecked()
    assert globally.isChecked()
    local.click()
    assert not viewer.layers[NAMES[1]].visible
    viewer.layers[NAMES[0]].visible = False
    assert not globally.isChecked()
    local.click()
    before = viewer.layers[NAMES[1]]
    show(dock, panel, qtbot)
    assert names(dock) == NAMES
    assert viewer.layers[NAMES[1]] is not before
    assert [viewer.layers[name].visible for name in NAMES] == [False, True]


def test_layers_go_by_hand_with_the_dock_and_with_the_scene(dock, image, qtbot):
    viewer = dock._viewer
    panel = dock.tools.open_features()
    show(dock, panel, qtbot)
    viewer.layers.remove(viewer.layers[NAMES[0]])
    assert not panel.checks["global"].isEnabled()
    assert panel.checks["local"].isEnabled()
    dock.docks.close()
    assert [layer.name for layer in viewer.layers] == ["town"]
    panel = dock.tools.open_features()
    show(dock, panel, qtbot)
    viewer.layers.remove(image)
    assert list(viewer.layers) == []
    show(dock, panel, qtbot)
    assert "Open an image first" in panel.message.text()


def test_what_is_being_computed_can_be_cancelled(dock, image, qtbot):
    panel = dock.tools.open_features()
    qtbot.mouseClick(panel.show_frame, LEFT)
    assert not panel.show_frame.isEnabled()
    qtbot.mouseClick(panel.cancel, LEFT)
    qtbot.waitUntil(lambda: not dock.parts.features.status.busy, timeout=60_000)
    assert panel.message.text() == "Stopped."
    assert names(dock) == []
    assert panel.show_frame.isEnabled()


def test_a_network_without_weights_is_named(dock, image, qtbot):
    dock.state.model = "unknown"
    panel = dock.tools.open_features()
    show(dock, panel, qtbot)
    assert "no weights" in panel.message.text()


def test_side_by_side_gives_each_shown_one_a_cell(dock, image, qtbot):
    viewer = dock._viewer
    panel = dock.tools.open_features()
    show(dock, panel, qtbot)
    panel.checks["global"].click()
    where = dock.parts.controller._engine
    model = TinyEngine.model
    layout = where.layout(dock.state.scene, None, model)
    dock.parts.overlay.show_workspace(where.open_workspace(dock.state.scene, layout, model))
    assert dock.parts.side_by_side.enter()
    assert viewer.layers[NAMES[1]].visible
    assert viewer.layers[NAMES[1]].name_overlay.visible
    assert not viewer.layers[NAMES[0]].visible
    dock.parts.side_by_side.leave()
    assert names(dock) == NAMES
    assert all(isinstance(viewer.layers[name], Image) for name in NAMES)
