"""Cells of the grid: what each of them shows, and that all is put back."""

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QSettings

from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.session.runner import SyncRunner
from napari_uhrnet.widgets.main import UHRNetWidget
from tests.widgets.inspect.test_inspect_random import Docks, TinyEngine, look


class CountingEngine(TinyEngine):
    """Knows how many of its stores are open."""

    def __init__(self):
        super().__init__()
        self.open = 0

    def open_workspace(self, *arguments):
        self.open += 1
        return super().open_workspace(*arguments)

    def close_workspace(self, where):
        self.open -= 1
        super().close_workspace(where)


@pytest.fixture
def engine():
    return CountingEngine()


@pytest.fixture
def viewer(qtbot):
    viewer = ViewerModel()
    docks = Docks()
    qtbot.addWidget(docks.home)
    object.__setattr__(viewer, "window", docks)  # napari's model is strict about its attributes
    return viewer


@pytest.fixture
def dock(viewer, engine, tmp_path, monkeypatch, qtbot):
    """Segmented with two networks, one after the other."""
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "cache"))
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("model", "tiny0")
    picture = np.random.default_rng(0).integers(0, 255, (230, 300, 3), np.uint8)
    viewer.add_image(picture, name="scene", scale=(2, 2), translate=(7, -3))
    dock = UHRNetWidget(viewer, settings=settings, engine=engine, runner=SyncRunner)
    qtbot.addWidget(dock)
    dock.state.pixel_size_m = 2.0
    dock.state.region = "scene"
    dock.parts.controller.segment()
    dock.state.model = "tiny1"
    dock.parts.controller.segment()
    yield dock
    dock.shut_down()


def test_the_prediction_of_the_network_before_has_a_cell(dock, viewer, engine):
    before, opened = look(viewer), engine.open
    (other,) = dock.parts.predictions.beside(dock.parts.controller.workspace)
    with other.opened() as where:
        expected = np.asarray(where.store.levels("fused/labels")[0])
    assert dock.parts.side_by_side.enter()
    names = [layer.name for layer in viewer.layers if layer.visible]
    assert names == ["scene", "Global branch", "Local branch", "Fused", other.model.name]
    assert all(layer.name_overlay.visible for layer in viewer.layers if layer.visible)
    cell, fused = viewer.layers[other.model.name], viewer.layers["Fused"]
    np.testing.assert_array_equal(np.asarray(cell.data[0]), expected)
    assert (np.asarray(fused.data[0]) != expected).any()
    np.testing.assert_allclose(cell.data_to_world((5, 9)), fused.data_to_world((5, 9)))
    dock.parts.side_by_side.leave()
    assert look(viewer) == before and engine.open == opened


def test_a_variant_of_the_network_is_named_by_what_is_different(dock, viewer):
    where = dock.parts.controller.workspace
    deaf = replace(where.model, name=f"{where.model.name} without neighbours", hash="deaf")
    dock.parts.predictions.note(replace(where, model=deaf))
    dock.parts.side_by_side.enter()
    assert viewer.layers["without neighbours"].visible


def test_hidden_classes_are_hidden_in_all_cells(dock, viewer):
    dock.parts.side_by_side.enter()
    hidden = int(dock.parts.controller.workspace.model.classes.ids[0])
    dock.state.hidden = frozenset({hidden})
    cells = [layer for layer in viewer.layers if layer.visible][1:]
    assert len(cells) == 4
    assert all(layer.colormap.map(np.array([hidden]))[0, 3] == 0 for layer in cells)


def test_cells_and_swipe_have_the_colours_of_the_open_project(dock, viewer):
    classes = dock.parts.controller.workspace.model.classes
    first = classes.classes[0]
    mine = ClassTable("mine", (replace(first, rgb=(1, 2, 3)), *classes.classes[1:]))

    def colours(layers):
        return [tuple(layer.colormap.map(np.array([first.id]))[0, :3]) for layer in layers]

    def swipe():
        return [dock.parts.overlay.further.layer("swipe")]

    theirs, ours = (tuple(np.float32(rgb) / 255) for rgb in (first.rgb, (1, 2, 3)))
    dock.parts.side_by_side.enter()
    cells = [layer for layer in viewer.layers if layer.visible][1:]
    assert len(cells) == 4
    np.testing.assert_allclose(colours(cells), [theirs] * 4)
    dock.state.project_classes = mine
    np.testing.assert_allclose(colours(cells), [ours] * 4)
    dock.parts.side_by_side.leave()
    dock.parts.swipe.enter("global", "fused")
    np.testing.assert_allclose(colours(swipe()), [ours])
    dock.state.project_classes = None
    np.testing.assert_allclose(colours(swipe()), [theirs])
