"""Projects open where one left off, in napari's real window."""

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import QSettings

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.widgets.kit.view import visible_window
from napari_uhrnet.widgets.main import UHRNetWidget
from napari_uhrnet.widgets.reader import get_reader, read
from napari_uhrnet.widgets.segment.layer_scene import scene_of
from tests.widgets.painted_engine import CLASSES, PaintedEngine

VIEW = Window(100, 200, 300, 400)


@pytest.fixture
def project(tmp_path):
    """Two scenes; of the first is known what was on screen, and its pixel size."""
    made = Project.create(tmp_path / "town.uhrnet", CLASSES)
    for k in range(2):
        path = tmp_path / f"town{k}.png"
        noise = np.random.default_rng(k).integers(0, 255, (700, 900, 3)).astype(np.uint8)
        Image.fromarray(noise).save(path)
        with open_scene(path) as scene:
            made.add_scene(scene)
    first = made.scenes[0].fingerprint
    made.set_view(first, VIEW)
    made.set_pixel_size(first, 0.5)
    made.set_model("painted")
    with made.annotations(made.scenes[0]) as store:
        store.write(Window(5, 6, 7, 8), np.full((7, 8), CLASSES.ids[1], np.uint8))
    return made.folder


@pytest.fixture
def open_dock(make_napari_viewer, tmp_path):
    docks = []

    def open_(model="painted"):
        settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        settings.setValue("model", model)
        viewer = make_napari_viewer(show=True)
        dock = UHRNetWidget(viewer, settings=settings, engine=PaintedEngine(tmp_path))
        viewer.window.add_dock_widget(dock, name="UHRNet", area="right")
        docks.append(dock)
        return viewer, dock

    yield open_
    for dock in docks:
        dock.shut_down()


def test_the_reader_opens_all_scenes_of_a_project(project):
    assert get_reader(str(project)) is read
    layers = read(str(project))
    assert [kwargs["name"] for _, kwargs, _ in layers] == ["town0.png", "town1.png"]
    assert {kwargs["metadata"]["project"] for _, kwargs, _ in layers} == {str(project)}
    assert [kwargs["metadata"]["scene"].pixel_size_m for _, kwargs, _ in layers] == [0.5, None]


def test_a_missing_scene_does_not_keep_the_others_away(project, monkeypatch):
    warnings = []
    monkeypatch.setattr("napari.utils.notifications.show_warning", warnings.append)
    (project.parent / "town0.png").unlink()
    assert [kwargs["name"] for _, kwargs, _ in read(str(project))] == ["town1.png"]
    assert len(warnings) == 1 and "town0.png" in warnings[0]
    (project.parent / "town1.png").unlink()
    with pytest.raises(UserError, match=r"town0\.png"):
        read(str(project))


def test_a_project_opens_where_one_left_off(project, open_dock, qtbot):
    viewer, dock = open_dock(model="none")
    dock.parts.resuming.open(project)
    qtbot.waitUntil(lambda: dock.parts.correcting.state.active)
    assert [layer.name for layer in viewer.layers][:2] == ["town0.png", "town1.png"]
    layer = dock.scene_panel.layer()
    fingerprint = scene_of(layer).fingerprint
    if fingerprint != Project.open(project).scenes[0].fingerprint:
        dock.parts.correcting.stop()
        dock.scene_panel.layer_chosen.emit(viewer.layers["town0.png"])
        qtbot.waitUntil(lambda: dock.parts.correcting.state.active)
        layer = viewer.layers["town0.png"]
    assert dock.state.model == "painted"
    assert dock.state.pixel_size_m == 0.5
    assert dock.parts.correcting.state.folder == str(project)
    assert dock.parts.correcting.store.read(Window(5, 6, 7, 8)).min() == CLASSES.ids[1]
    seen = visible_window(viewer, layer)
    assert seen.contains(VIEW)
    assert min(seen.height / VIEW.height, seen.width / VIEW.width) < 1.05


def test_network_and_pixel_size_are_remembered(project, open_dock, qtbot):
    _, dock = open_dock()
    dock.parts.resuming.open(project)
    qtbot.waitUntil(lambda: dock.parts.correcting.state.active)
    dock.state.pixel_size_m = 0.75
    dock.parts.correcting.stop()
    fingerprint = dock.state.scene.fingerprint
    assert Project.open(project).scene(fingerprint).pixel_size_m == 0.75
    assert Project.open(project).scene(fingerprint).view is not None


def test_any_other_folder_is_a_place_for_the_present_scene(project, open_dock, tmp_path, qtbot):
    _, dock = open_dock()
    dock.parts.resuming.open(project)
    qtbot.waitUntil(lambda: dock.parts.correcting.state.active)
    dock.parts.resuming.open(tmp_path / "new")
    assert dock.parts.correcting.state.folder == str(tmp_path / "new")
    assert Project.open(tmp_path / "new").scenes[0].fingerprint == dock.state.scene.fingerprint
