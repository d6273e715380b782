"""What is on screen, in level-0 pixels."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.widgets.kit.view import ViewWatcher, visible_window


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    viewer.canvas.size = (200, 400)
    return viewer


def look(viewer, centre_yx, zoom):
    viewer.scene.camera.center = (0, *centre_yx)
    viewer.scene.camera.zoom = zoom


def test_the_window_is_as_large_as_the_canvas(viewer):
    layer = viewer.add_image(np.zeros((1000, 2000)))
    look(viewer, (499.5, 999.5), 1.0)
    assert visible_window(viewer, layer) == Window(400, 800, 200, 400)
    look(viewer, (499.5, 999.5), 4.0)
    assert visible_window(viewer, layer) == Window(475, 950, 50, 100)


def test_it_is_clipped_to_the_image_and_may_be_empty(viewer):
    layer = viewer.add_image(np.zeros((1000, 2000)))
    look(viewer, (-0.5, -0.5), 1.0)
    assert visible_window(viewer, layer) == Window(0, 0, 100, 200)
    look(viewer, (5000, 5000), 1.0)
    assert not visible_window(viewer, layer)


def test_scale_and_translate_of_the_layer_count(viewer):
    layer = viewer.add_image(np.zeros((1000, 2000)), scale=(0.5, 2), translate=(100, -40))
    # Pixel (400, 100) has its centre at world (300, 160).
    look(viewer, (300, 160), 1.0)
    window = visible_window(viewer, layer)
    assert window.y <= 400 - 199 and window.bottom >= 400 + 200
    assert 399 <= window.height - 1 <= 402 and 199 <= window.width - 1 <= 202


def test_multiscale_counts_level_0_pixels(viewer):
    full = np.zeros((1000, 2000), np.uint8)
    layer = viewer.add_image([full, full[::2, ::2], full[::4, ::4]], multiscale=True)
    look(viewer, (499.5, 999.5), 0.5)
    assert visible_window(viewer, layer) == Window(300, 600, 400, 800)


def test_watcher_tells_once_after_the_view_has_come_to_rest(viewer, qtbot):
    viewer.add_image(np.zeros((1000, 2000)))
    watcher, heard = ViewWatcher(viewer), []
    watcher.settled.connect(lambda: heard.append(1))
    for zoom in (1.0, 2.0, 3.0):
        look(viewer, (10, 10), zoom)
    viewer.canvas.size = (300, 300)
    assert heard == []
    qtbot.waitUntil(lambda: bool(heard), timeout=30_000)
    qtbot.wait(300)
    assert heard == [1]
    watcher.close()
    look(viewer, (20, 20), 1.0)
    qtbot.wait(300)
    assert heard == [1]
