"""What the neighbours did, over the scene: needs a screen."""

from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.session.inspect.neighbour_effect import NeighbourEffect
from napari_uhrnet.session.model_pool import ModelPool
from napari_uhrnet.session.runner import SyncRunner
from napari_uhrnet.session.state import SessionState
from napari_uhrnet.widgets.inspect.neighbour_layers import CHANGED, PATCH, VEIL, WITHOUT
from napari_uhrnet.widgets.inspect.neighbours_tool import NeighboursTool
from napari_uhrnet.widgets.inspect.words import NO_IMAGE_HERE
from napari_uhrnet.widgets.kit.layer_look import spare_id
from napari_uhrnet.widgets.kit.view import visible_window
from napari_uhrnet.widgets.reader import scene_layer
from tests.engine.scenes import made_scene
from tests.models.tiny import tiny_card
from tests.session.inspect.test_neighbour_effect import TinyEngine

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def made(make_napari_viewer, tmp_path, monkeypatch, qtbot):
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "cache"))
    viewer = make_napari_viewer()
    scene = made_scene(300, 330)
    data, kwargs, _ = scene_layer(scene)
    image = viewer.add_image(data, **(kwargs | {"scale": (2, 2), "translate": (7, -5)}))
    state = SessionState(scene=scene, model="tiny", card=tiny_card())
    engine = TinyEngine()
    effect = NeighbourEffect(state, SyncRunner(), engine, ModelPool(engine))

    def look():
        state.view = visible_window(viewer, image)

    tool = NeighboursTool(viewer, state, effect, lambda s: image if s is scene else None, look)
    qtbot.addWidget(tool.panel)
    tool.panel.show()
    yield viewer, image, state, effect, tool
    tool.panel.let_go()


def click(viewer, position, pos=(10, 10), moved=0):
    """What napari makes of a click on the canvas."""
    event = SimpleNamespace(
        button=1, modifiers=[], position=position, pos=np.array(pos), type="mouse_press"
    )
    steps = [g for g in (c(viewer, event) for c in viewer.mouse_drag_callbacks) if g]
    places = [("mouse_press", 0), *([("mouse_move", moved)] if moved else [])]
    for event.type, by in [*places, ("mouse_release", moved)]:
        event.pos = np.array(pos) + by
        for step in steps:
            next(step, None)


def places(layer):
    """Where something changed, without the veil over the rest."""
    veiled = spare_id(tiny_card().classes)
    np.testing.assert_allclose(layer.colormap.map(np.array([veiled]))[0], VEIL, atol=0.01)
    return np.where(layer.data == veiled, NOTHING, layer.data)


def test_the_maps_lie_over_the_image(made, qtbot):
    viewer, image, _, _, tool = made
    qtbot.mouseClick(tool.panel.find, LEFT)
    changed, without = viewer.layers[CHANGED], viewer.layers[WITHOUT]
    assert changed.visible and not without.visible
    told = tool._changes.branches["fused"]
    np.testing.assert_array_equal(places(changed), told.changed)
    assert (places(changed) != NOTHING).mean() == pytest.approx(told.share)
    # The outer corner of a map's first pixel is that of the window's, in the image's own pixels.
    corner = image.world_to_data(changed.data_to_world((-0.5, -0.5)))
    factor = np.array(tool._changes.factor_yx)
    expected = np.array([told.window.y, told.window.x]) * factor - 0.5
    np.testing.assert_allclose(corner, expected)
    assert tool.panel.message.text() == told.sentence
    assert viewer.layers.selection.active is image


def test_another_branch_is_shown_without_computing_again(made, qtbot):
    viewer, _, _, effect, tool = made
    qtbot.mouseClick(tool.panel.find, LEFT)
    started = effect._job._number
    tool.panel.branch.setCurrentIndex(1)
    tool.panel.branch.activated.emit(1)
    told = tool._changes.branches["local"]
    np.testing.assert_array_equal(places(viewer.layers[CHANGED]), told.changed)
    assert effect._job._number == started
    viewer.layers.remove(viewer.layers[CHANGED])
    tool.panel.branch.activated.emit(1)
    assert CHANGED not in viewer.layers


def test_a_click_picks_the_patch_below_it(made, qtbot):
    viewer, image, _, _, tool = made
    click(viewer, image.data_to_world((150, 160)))
    assert PATCH not in viewer.layers  # nothing is to be picked
    tool.panel.pick.setChecked(True)
    click(viewer, image.data_to_world((150, 160)), moved=40)
    assert PATCH not in viewer.layers and tool.panel.pick.isChecked()  # that was a drag
    click(viewer, image.data_to_world((150, 160)))
    assert not tool.panel.pick.isChecked()
    layer = viewer.layers[PATCH]
    found = tool._influences.patch
    assert layer.nshapes == len(found.each) + 1
    each = list(found.each.values())
    texts = [f"{100 * i.moved['fused']:.2g} %" for i in each]
    assert list(layer.features["moved"]) == [*texts, ""]
    opacity = layer.face_color[:-1, 3]
    assert opacity.argmax() == np.argmax([i.moved["fused"] for i in each])
    own = np.asarray(layer.data[-1])
    factor = np.array(tool._influences.factor_yx)
    world = image.world_to_data(layer.data_to_world(own[0]))
    np.testing.assert_allclose(
        world, np.array([found.window.y, found.window.x]) * factor - 0.5, atol=1e-6
    )


def test_beside_the_image_there_is_no_patch(made):
    viewer, image, _, _, tool = made
    tool.panel.pick.setChecked(True)
    click(viewer, image.data_to_world((-40, 10)))
    assert tool.panel.message.text() == NO_IMAGE_HERE


def test_layers_go_with_the_panel_and_may_go_before(made, qtbot):
    viewer, image, _, _, tool = made
    tool.panel.pick.setChecked(True)
    click(viewer, image.data_to_world((150, 160)))
    qtbot.mouseClick(tool.panel.find, LEFT)
    viewer.layers.remove(viewer.layers[WITHOUT])
    callbacks = len(viewer.mouse_drag_callbacks)
    tool.panel.let_go()
    assert list(viewer.layers) == [image]
    assert len(viewer.mouse_drag_callbacks) == callbacks - 1


def test_another_scene_takes_the_layers_away(made, qtbot):
    viewer, image, state, _, tool = made
    qtbot.mouseClick(tool.panel.find, LEFT)
    state.scene = made_scene(200, 200, seed=1)
    assert list(viewer.layers) == [image]
    assert tool._changes is None
