"""Layers of the predictions, on a viewer without a window."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_uhrnet.session.state import RunStatus
from napari_uhrnet.widgets.segment.overlay import Overlay, class_colormap, placement
from tests.widgets.painted_engine import CARD, CLASSES, paint


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def image(viewer, picture):
    return viewer.add_image(picture, name="noise", scale=(2, 2), translate=(10, 20))


@pytest.fixture
def overlay(viewer, state, controller, image, qtbot):
    overlay = Overlay(viewer, state, controller, lambda scene: image)
    yield overlay
    overlay.close()


def world_corners(layer, shape_yx):
    return [
        layer.data_to_world((y, x))
        for y in (-0.5, shape_yx[0] - 0.5)
        for x in (-0.5, shape_yx[1] - 0.5)
    ]


@pytest.mark.parametrize(
    "transform",
    [
        {},
        {"scale": (0.5, 3), "translate": (7, -2)},
        {"rotate": 30, "shear": [0.3], "scale": (2, 0.7), "translate": (1, 2)},
        {"affine": [[1.2, 0.3, 5], [-0.1, 0.9, 6], [0, 0, 1]], "scale": (3, 2)},
    ],
)
def test_outer_edges_coincide_with_the_image(viewer, transform):
    image = viewer.add_image(np.zeros((90, 140)), **transform)
    small = viewer.add_labels(np.zeros((30, 70), int), **placement(image, (90 / 30, 140 / 70)))
    np.testing.assert_allclose(
        world_corners(small, (30, 70)), world_corners(image, (90, 140)), atol=1e-9
    )


def test_colormap_has_the_class_colours_and_nothing_is_clear():
    colours = class_colormap(CLASSES, frozenset({5}))
    ids = np.array([1, 5, 200, 255], np.uint8)
    expected = [[0, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(colours.map(ids), expected)


def test_segment_shows_labels_right_above_the_image(viewer, overlay, controller, image):
    top = viewer.add_points([[0, 0]], name="mine")
    viewer.layers.selection.active = image
    controller.segment()
    assert [layer.name for layer in viewer.layers] == ["noise", "UHRNet fused", "mine"]
    assert viewer.layers.selection == {image} and viewer.layers.selection.active is image
    assert top in viewer.layers
    labels = viewer.layers["UHRNet fused"]
    assert labels.multiscale and not labels.editable
    assert labels.data[0][0, 0] == 1
    assert dict(zip(*labels.features.to_numpy().T, strict=True))[1] == "urban"


def test_image_layer_is_left_alone(overlay, controller, image):
    before = (image.name, image.opacity, image.visible, tuple(image.scale))
    controller.segment()
    assert (image.name, image.opacity, image.visible, tuple(image.scale)) == before


def test_areas_are_those_of_the_store(overlay, controller, state):
    controller.segment()
    overlay.refresh()
    assert sum(state.areas_px.values()) == 512 * 640
    assert set(state.areas_px) == set(range(1, 7))


def test_pixels_changed_refreshes_at_most_every_200_ms(
    overlay, controller, viewer, qtbot, monkeypatch
):
    controller.segment()
    qtbot.wait(300)
    calls = []
    labels = viewer.layers["UHRNet fused"]
    monkeypatch.setattr(type(labels), "refresh", lambda self, **kw: calls.append(self))
    for _ in range(50):
        controller.pixels_changed.emit()
    assert calls == []
    qtbot.waitUntil(lambda: bool(calls), timeout=30_000)
    qtbot.wait(300)
    assert calls == [labels]


def test_the_prediction_is_named_after_its_network(overlay, controller, state, viewer, monkeypatch):
    monkeypatch.setattr(CARD, "family", "GLNet")
    controller.segment()
    assert [layer.name for layer in viewer.layers] == ["noise", "GLNet fused"]
    state.branch = "local"
    assert [layer.name for layer in viewer.layers] == ["noise", "GLNet local"]


def test_another_branch_is_shown_in_the_same_layer(overlay, controller, state, viewer):
    controller.segment()
    labels = viewer.layers["UHRNet fused"]
    state.branch = "local"
    assert [layer.name for layer in viewer.layers] == ["noise", "UHRNet local"]
    assert viewer.layers["UHRNet local"] is labels


def test_hiding_and_opacity(overlay, controller, state, viewer):
    controller.segment()
    labels = viewer.layers["UHRNet fused"]
    state.hidden = frozenset({1})
    assert labels.colormap.map(np.uint8(1))[3] == 0
    assert labels.colormap.map(np.uint8(2))[3] == 1
    state.opacity = 0.25
    assert labels.opacity == 0.25
    labels.opacity = 0.75
    assert state.opacity == 0.75


def test_a_layer_removed_by_hand_comes_back_with_the_next_segment(
    overlay, controller, state, viewer
):
    controller.segment()
    viewer.layers.remove("UHRNet fused")
    state.branch = "global"
    state.hidden = frozenset({1})
    state.opacity = 0.3
    controller.pixels_changed.emit()
    overlay.refresh()
    assert [layer.name for layer in viewer.layers] == ["noise"]
    controller.segment()
    assert [layer.name for layer in viewer.layers] == ["noise", "UHRNet global"]


def test_image_removed_meanwhile_breaks_nothing(viewer, state, controller, qtbot):
    overlay = Overlay(viewer, state, controller, lambda scene: None)
    controller.segment()
    assert state.status.phase == "idle" and len(viewer.layers) == 0
    overlay.close()


def test_coarse_prediction_lies_under_the_labels(overlay, controller, state, viewer, monkeypatch):
    monkeypatch.setattr("napari_uhrnet.session.plan.ASK_ABOVE_PATCHES", 3)
    controller.segment()
    assert state.status.phase == "asking"
    names = ["noise", "UHRNet coarse global", "UHRNet fused"]
    assert [layer.name for layer in viewer.layers] == names
    coarse = viewer.layers["UHRNet coarse global"]
    assert (coarse.data == 4).all()
    np.testing.assert_allclose(
        world_corners(coarse, coarse.data.shape), world_corners(viewer.layers[0], (512, 640))
    )
    viewer.layers.remove(coarse)
    controller.go()
    assert state.status == RunStatus("idle", 20, 20, None, "Done: 20 patches.")


def test_the_coarse_prediction_gives_way_to_the_final_one(
    overlay, controller, state, viewer, monkeypatch
):
    monkeypatch.setattr("napari_uhrnet.session.plan.ASK_ABOVE_PATCHES", 3)
    controller.segment()
    coarse = viewer.layers["UHRNet coarse global"]
    where = controller.workspace
    paint(where.store, [(0, 0), (1, 2)])
    overlay.refresh()
    # By brute force: what holds the centre of each coarse pixel?
    h, w = where.layout.inference.shape_yx
    for (i, j), value in np.ndenumerate(coarse.data):
        y, x = (
            (k + 0.5) * n / m for k, n, m in zip((i, j), (h, w), coarse.data.shape, strict=True)
        )
        done = any(
            r.y <= y < r.bottom and r.x <= x < r.right
            for r in (where.store.window(0, 0), where.store.window(1, 2))
        )
        assert value == (255 if done else 4), (i, j)
    controller.go()
    overlay.refresh()
    assert (coarse.data == 255).all()


def test_another_pixel_size_takes_the_place_of_the_old_prediction(
    overlay, controller, state, viewer
):
    controller.segment()
    old = viewer.layers["UHRNet fused"]
    state.pixel_size_m = 2.0
    controller.segment()
    assert [layer.name for layer in viewer.layers] == ["noise", "UHRNet fused"]
    assert viewer.layers["UHRNet fused"] is not old


def test_rectangle_layer_is_ready_to_draw_in(overlay, viewer, scene, image):
    shapes = overlay.rectangle_layer(scene)
    assert viewer.layers.selection.active is shapes
    assert shapes.mode == "add_rectangle"
    np.testing.assert_allclose(shapes.data_to_world((3, 4)), image.data_to_world((3, 4)))
    assert overlay.rectangle_layer(scene) is shapes
    viewer.layers.remove(shapes)
    assert overlay.rectangle_layer(scene) is not shapes
