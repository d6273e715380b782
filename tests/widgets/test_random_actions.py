"""A person who clicks at random in all of the dock, with threads at work behind it.

Every exception of a slot, a timer or a worker's result counts: pytest-qt takes them all.
`test_inspect_random` has real networks and looks closer at the views. There is no canvas: with GL
in software napari itself dies when a layer below another one is removed.
"""

import random

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Image, Layer
from qtpy.QtCore import QSettings
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_uhrnet.widgets.compare.words import AREA_LAYER as AREA
from napari_uhrnet.widgets.compare.words import CHOOSE_FILE
from napari_uhrnet.widgets.inspect.blink import blink
from napari_uhrnet.widgets.inspect.uncertainty import SHADES
from napari_uhrnet.widgets.main import UHRNetWidget
from napari_uhrnet.widgets.reader import read
from tests.widgets.inspect.test_inspect_random import Docks
from tests.widgets.painted_engine import CARD, CLASSES, MODEL, FakeModel, PaintedEngine

ACTIONS = 200
SHAPE = (384, 512)
# What leads nowhere is rarer.
MODELS = ["painted"] * 5 + ["plain"] * 3 + ["uhrnet-r50"]
PIXEL_SIZES = [None] * 4 + [0.5, 2.0, 90.0]
REGIONS = ["visible"] * 4 + ["scene"] * 4 + ["rectangle"]


class TwoNetworks(PaintedEngine):
    """The painted engine under two names; the second one has only its final prediction."""

    def read_card(self, name):
        return CARD if name == "plain" else super().read_card(name)

    def load_model(self, name, device):
        if name == "painted":
            return MODEL
        return FakeModel(**vars(MODEL) | {"name": name, "hash": name, "branches": ("fused",)})


class Person:
    """Does one thing after another; ``done`` says what, for when it goes wrong."""

    def __init__(self, viewer, dock, folder, qtbot, seed):
        self.viewer, self.dock, self.folder, self.qtbot = viewer, dock, folder, qtbot
        self.random = random.Random(seed)
        self.done = []
        self.held = None
        self.actions = sorted(n for n in dir(self) if n.startswith("do_"))

    def act(self):
        name = self.random.choice(self.actions)
        self.done.append(name)
        getattr(self, name)()
        # Threads, timers and the canvas get their turn, as much of it as chance will have.
        for _ in range(self.random.randrange(4)):
            QApplication.processEvents()

    def some(self, chance):
        return self.random.random() < chance

    def press(self, button):
        """A person cannot press what is greyed out."""
        if button.isEnabled():
            button.click()

    def segment_and_compare(self):
        """After all of it, everything works as on the first day."""
        dock, viewer = self.dock, self.viewer
        if self.held is not None:
            self.do_hold_key()
        viewer.layers.clear()
        self.do_add_image()
        state = dock.state
        state.model, state.region, state.pixel_size_m, state.branch = (
            "painted",
            "scene",
            None,
            "fused",
        )
        self.do_wait()
        dock.parts.controller.segment()
        self.do_wait()
        panel = dock.tools.open_compare()
        panel.a.setCurrentText("Fused")
        panel.b.setCurrentText("Local branch")
        panel.area.choose("scene")
        self.press(panel.compare)
        self.do_wait()
        found = dock.parts.comparer.compared.comparison
        assert (found.agreement, found.confusion.sum()) == (1, SHAPE[0] * SHAPE[1]), self.done

    # The scene and what is on screen.

    def do_add_image(self):
        if sum(isinstance(layer, Image) for layer in self.viewer.layers) < 2:
            for data in read(str(self.folder / "town.tif")):
                self.viewer.add_layer(Layer.create(*data))

    def do_add_other_layer(self):
        if len(self.viewer.layers) < 8:
            if self.some(0.5):
                self.viewer.add_labels(np.full(SHAPE, 4, np.uint8), name="Fused")
            else:
                self.viewer.add_points([[1, 1]])

    def do_delete_layer(self):
        if len(self.viewer.layers):
            layer = self.random.choice(list(self.viewer.layers))
            if not isinstance(layer, Image) or self.some(0.2):
                self.viewer.layers.remove(layer)

    def do_delete_own_layer(self):
        own = [layer for layer in self.viewer.layers if layer.name.startswith(("UHRNet", "A "))]
        if own:
            self.viewer.layers.remove(self.random.choice(own))

    def do_hide_layer(self):
        if len(self.viewer.layers):
            layer = self.random.choice(list(self.viewer.layers))
            layer.visible = not layer.visible

    def do_select_layer(self):
        if len(self.viewer.layers):
            self.viewer.layers.selection.active = self.random.choice(list(self.viewer.layers))

    def do_choose_image(self):
        combo = self.dock.scene_panel.layers
        if combo.count():
            combo.setCurrentIndex(self.random.randrange(combo.count()))

    def do_move(self):
        camera = self.viewer.scene.camera
        y, x = (self.random.uniform(-0.2, 1.2) * n for n in SHAPE)
        camera.center = (0, y, x)
        camera.zoom = self.random.choice([0.05, 0.5, 1, 2])

    def do_wait(self):
        """Until all that was asked for has come."""
        dock = self.dock
        jobs = (
            lambda: dock.state.status,
            lambda: dock.parts.comparer.status,
            lambda: dock.parts.ranker.status,
        )
        self.qtbot.waitUntil(lambda: not any(job().busy for job in jobs), timeout=20_000)

    do_wait_again = do_wait_once_more = do_wait

    def do_settle(self):
        self.dock._watcher._timer.stop()
        self.dock._watcher.settled.emit()

    def do_theme(self):
        self.viewer.theme = self.random.choice(["dark", "light"])

    # The run.

    def do_segment(self):
        self.press(self.dock.run_panel.segment)

    do_segment_again = do_segment

    def do_cancel(self):
        if self.some(0.4):
            self.dock.parts.controller.cancel()

    def do_region(self):
        self.dock.state.region = self.random.choice(REGIONS)

    def do_model(self):
        if self.some(0.7):
            self.dock.state.model = self.random.choice(MODELS)

    def do_pixel_size(self):
        if self.some(0.4):
            self.dock.state.pixel_size_m = self.random.choice(PIXEL_SIZES)

    def do_branch(self):
        self.dock.state.branch = self.random.choice(self.dock.state.branches)

    def do_opacity(self):
        self.dock.state.opacity = self.random.random()

    def do_hide_class(self):
        ids = [entry.id for entry in CLASSES.classes]
        self.dock.state.hidden = frozenset(self.random.sample(ids, 2))

    # Ways to look.

    def do_side_by_side(self):
        self.press(self.dock.inspect_panel.side)

    def do_swipe(self):
        self.press(self.dock.inspect_panel.curtain)

    def do_hold_key(self):
        if self.held is None:
            self.held = blink(
                self.dock.state, lambda: self.dock.inspect_panel.pair, self.dock.parts.swipe
            )(self.viewer)
            next(self.held, None)
        else:
            next(self.held, None)
            self.held = None

    def do_shade(self):
        self.press(self.dock.inspect_panel.checks[self.random.choice(list(SHADES))])

    # Compare.

    def do_open_compare(self):
        self.dock.tools.open_compare()

    def do_compare(self):
        panel = self.dock.tools.open_compare()
        for combo in (panel.a, panel.b):
            titles = [combo.itemText(k) for k in range(combo.count())]
            combo.setCurrentText(
                self.random.choice([t for t in titles if t != CHOOSE_FILE] or [""])
            )
        panel.area.choose(self.random.choice(["visible", "polygon", "scene"]))
        self.press(self.random.choice([panel.compare, panel.compare, panel.swipe, panel.report]))

    do_compare_again = do_compare_once_more = do_compare

    def do_compare_file(self):
        panel = self.dock.tools.open_compare()
        name = self.random.choice(["mask.tif", "town.tif", "notes.png", "gone.tif"])
        panel.add_file(self.random.choice([panel.a, panel.b]), str(self.folder / name))
        self.press(panel.compare)

    def do_draw_area(self):
        panel = self.dock.tools.open_compare()
        panel.area.choose("polygon")
        panel.area.draw.click()
        if AREA in self.viewer.layers and self.some(0.8):
            corners = [[self.random.uniform(-50, n + 50) for n in SHAPE] for _ in range(4)]
            self.viewer.layers[AREA].add_polygons(np.array(corners))

    def do_cell(self):
        view = self.dock.tools.open_compare().findings.matrix
        view.cell_clicked.emit(self.random.randrange(6), self.random.randrange(6))

    def do_place(self):
        self.dock.tools.open_compare().findings.step(self.random.choice([1, -1]))

    def do_cancel_compare(self):
        self.press(self.dock.tools.open_compare().cancel)

    # The queue and corrections.

    def do_rank(self):
        self.press(self.dock.tools.open_queue().rank)

    def do_part(self):
        panel = self.dock.tools.open_queue()
        self.press(self.random.choice([panel.previous, panel.next, panel.skip, panel.reviewed]))

    def do_correct(self):
        if self.some(0.5):
            self.press(self.dock.correct_panel.toggle)

    def do_close_dock(self):
        tools = [tool for tool, _ in self.dock.docks._open.values()]
        if tools and self.some(0.5):
            self.viewer.window.remove_dock_widget(self.random.choice(tools).panel)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A scene, masks good and bad, and where reports go."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (*SHAPE, 3), np.uint8)
    tifffile.imwrite(tmp_path / "town.tif", picture, photometric="rgb")
    tifffile.imwrite(tmp_path / "mask.tif", rng.integers(1, 7, SHAPE).astype(np.uint8))
    (tmp_path / "notes.png").write_bytes(b"no picture")
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("seed", range(2))
def test_nothing_raises_and_leaving_restores_the_viewer(folder, qtbot, seed):
    viewer, docks = ViewerModel(), Docks()
    qtbot.addWidget(docks.home)
    # napari's model is strict about its attributes.
    object.__setattr__(viewer, "window", docks)
    keys, drags = dict(viewer.keymap), list(viewer.mouse_drag_callbacks)
    settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("model", "painted")
    dock = UHRNetWidget(viewer, settings=settings, engine=TwoNetworks(folder))
    docks.add_dock_widget(dock)
    person = Person(viewer, dock, folder, qtbot, seed)
    person.do_add_image()
    for _ in range(ACTIONS):
        person.act()
        pressed = dock.inspect_panel.side.isChecked(), dock.inspect_panel.curtain.isChecked()
        assert pressed == (dock.parts.side_by_side.is_on, dock.parts.swipe.is_on), person.done
    assert len(set(person.done)) > 0.9 * len(person.actions)
    person.segment_and_compare()
    docks.remove_dock_widget(dock)
    assert viewer.keymap == keys
    assert list(viewer.mouse_drag_callbacks) == drags
    assert not viewer.canvas.grid.enabled
    assert dock.docks._open == {}
    assert AREA not in viewer.layers
    # What the threads still have to say is heard by nobody.
    for _ in range(20):
        QApplication.processEvents()
