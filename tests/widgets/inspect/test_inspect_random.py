"""Hundreds of random actions of a person who inspects: nothing breaks, and all is put back."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QSettings
from qtpy.QtWidgets import QWidget

from napari_uhrnet.session.engine import LocalEngine
from napari_uhrnet.session.runner import SyncRunner
from napari_uhrnet.widgets.inspect.blink import blink
from napari_uhrnet.widgets.inspect.uncertainty import SHADES
from napari_uhrnet.widgets.main import UHRNetWidget
from napari_uhrnet.widgets.words import COMPARE, NEIGHBOURS, READ_OUT
from tests.models.tiny import tiny_card, tiny_model

ACTIONS = 300


class TinyEngine(LocalEngine):
    """The engine of the package with networks of few channels."""

    def __init__(self):
        self.models = {f"tiny{seed}": tiny_model(seed) for seed in range(2)}

    def read_card(self, name):
        return tiny_card()

    def devices(self):
        return ("auto", "cpu")

    def load_model(self, name, device):
        return self.models[name]


class Docks:
    """The part of napari's window that the dock asks for."""

    def __init__(self):
        self.home = QWidget()
        native = SimpleNamespace(makeCurrent=lambda: None)
        self._qt_viewer = SimpleNamespace(canvas=SimpleNamespace(native=native))

    def add_dock_widget(self, widget, **_):
        widget.setParent(self.home)
        return self.home

    def remove_dock_widget(self, widget):
        widget.setParent(None)


def look(viewer):
    """All that leaving a view must bring back."""
    grid, camera = viewer.canvas.grid, viewer.scene.camera
    return {
        "layers": [(layer, layer.visible, layer.opacity) for layer in viewer.layers],
        "grid": (grid.enabled, grid.stride, grid.shape, grid.spacing),
        "camera": (camera.center, camera.zoom, camera.mouse_pan),
        "selected": (set(viewer.layers.selection), viewer.layers.selection.active),
        "drag": list(viewer.mouse_drag_callbacks),
    }


class Person:
    """Does one thing after another."""

    def __init__(self, viewer, dock, runners, keymap, seed):
        self.viewer, self.dock, self.runners = viewer, dock, runners
        self.random = random.Random(seed)
        self.picture = np.random.default_rng(seed).integers(0, 255, (230, 300, 3), np.uint8)
        self.held = None
        self.keymap = keymap
        self.add_image()

    def act(self):
        names = [n for n in dir(self) if n.startswith("do_")]
        name = self.random.choice(names)
        getattr(self, name)()
        return name

    def add_image(self):
        self.viewer.add_image(self.picture, name="scene")

    def do_segment(self):
        self.dock._on_segment()

    def do_other_model(self):
        if self.random.random() < 0.3:
            self.dock.state.model = self.random.choice(["tiny0", "tiny1"])

    def do_cancel(self):
        if self.random.random() < 0.3:
            self.dock.parts.controller.cancel()

    def do_steps(self):
        for runner in self.runners:
            for _ in range(self.random.randrange(9)):
                runner.step()
        self.dock.parts.overlay.refresh()

    do_more_steps = do_even_more_steps = do_steps

    def do_side_by_side(self):
        self.dock.inspect_panel.side.click()

    def do_swipe(self):
        self.dock.inspect_panel.curtain.click()

    def do_pair(self):
        panel = self.dock.inspect_panel
        combo = self.random.choice([panel.a, panel.b])
        combo.setCurrentIndex(self.random.randrange(combo.count()))
        combo.activated.emit(combo.currentIndex())

    def do_drag(self):
        for callback in list(self.viewer.mouse_drag_callbacks)[1:]:
            event = SimpleNamespace(
                type="mouse_press",
                position=self.viewer.scene.camera.center,
                pos=np.zeros(2),
                button=1,
                modifiers=self.random.choice([(), ("Shift",)]),
            )
            steps = callback(self.viewer, event)
            for event.type in ("mouse_press", "mouse_move", "mouse_move", "mouse_release"):
                event.position = (0, self.random.uniform(-50, 400), self.random.uniform(-50, 400))
                if next(steps, "over") == "over":
                    break

    def do_shade(self):
        check = self.dock.inspect_panel.checks[self.random.choice(list(SHADES))]
        check.click()

    def do_hold_key(self):
        if self.held is not None:
            next(self.held, None)
            self.held = None
        else:
            self.held = blink(self.dock.state, lambda: self.dock.inspect_panel.pair)(self.viewer)
            next(self.held, None)

    def do_hide_class(self):
        self.dock.state.hidden = frozenset(self.random.sample([1, 4, 5], 2))

    def do_delete_layer(self):
        if len(self.viewer.layers) and self.random.random() < 0.5:
            self.viewer.layers.remove(self.random.choice(list(self.viewer.layers)))

    def do_toggle_layer(self):
        if len(self.viewer.layers):
            layer = self.random.choice(list(self.viewer.layers))
            layer.visible = not layer.visible

    def do_add_layer(self):
        kinds = [
            lambda: self.viewer.add_labels(np.full((230, 300), 4, np.uint8), name="truth"),
            lambda: self.viewer.add_points([[1, 1]]),
            self.add_image,
        ]
        if len(self.viewer.layers) < 6:
            self.random.choice(kinds)()

    def do_move(self):
        camera = self.viewer.scene.camera
        camera.center = (0, self.random.uniform(0, 230), self.random.uniform(0, 300))
        camera.zoom = self.random.choice([0.3, 1, 2, 7])
        self.dock._update_view()

    def do_open_compare(self):
        self.dock.tools.open_compare()

    def do_close_compare(self):
        if self.random.random() < 0.4:
            self.dock.docks.close()

    def do_compare(self):
        panel = self.dock.tools.open_compare()
        for combo in (panel.a, panel.b, panel.area.scope):
            last = combo.count() - (combo is not panel.area.scope)
            combo.setCurrentIndex(self.random.randrange(max(1, last)))
        panel.compare.click()

    def do_cell(self):
        view = self.dock.tools.open_compare().findings.matrix
        view.cell_clicked.emit(self.random.randrange(3), self.random.randrange(3))

    def place(self):
        """Somewhere in the world, most often over the picture."""
        return 0, self.random.uniform(-20, 250), self.random.uniform(-20, 320)

    def do_read(self):
        self.dock.tools.open_readout()
        tool, _ = self.dock.docks._open[READ_OUT.dock]
        tool._position = self.place()
        tool._look()

    def do_pin(self):
        panel = self.dock.tools.open_readout().pins
        tool, _ = self.dock.docks._open[READ_OUT.dock]
        tool._pin_at(self.place())
        if panel.table.rowCount() > 3:
            panel.table.selectRow(self.random.randrange(4))
            self.random.choice([panel.go, panel.delete]).click()

    def do_features(self):
        panel = self.dock.tools.open_features()
        panel.show_frame.click()
        for check in panel.checks.values():
            if check.isEnabled() and self.random.random() < 0.3:
                check.click()

    def do_neighbours(self):
        panel = self.dock.tools.open_neighbours()
        tool, _ = self.dock.docks._open[NEIGHBOURS.dock]
        if self.random.random() < 0.5:
            panel.find.click()
        else:
            self.random.choice([panel.pick.click, lambda: tool._ask_at(self.place())])()
        panel.branch.setCurrentIndex(self.random.randrange(2))
        panel.branch.activated.emit(panel.branch.currentIndex())

    def do_swipe_compared(self):
        panel = self.dock.tools.open_compare()
        panel.swipe.click()
        tool, _ = self.dock.docks._open[COMPARE.dock]
        if tool._follow.isActive():
            tool._follow.timeout.emit()

    def do_next(self):
        self.dock.tools.open_compare().findings.step(self.random.choice([1, -1]))


@pytest.fixture
def person(tmp_path, monkeypatch, qtbot, request):
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path))
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("model", "tiny0")
    viewer = ViewerModel()
    keymap = dict(viewer.keymap)
    docks, runners = Docks(), []
    qtbot.addWidget(docks.home)
    # napari's model is strict about its attributes.
    object.__setattr__(viewer, "window", docks)

    def runner():
        runners.append(SyncRunner(stepwise=True))
        return runners[-1]

    dock = UHRNetWidget(viewer, settings=settings, engine=TinyEngine(), runner=runner)
    qtbot.addWidget(dock)
    yield Person(viewer, dock, runners, keymap, request.param)
    dock.shut_down()


@pytest.mark.parametrize("person", range(2), indirect=True)
def test_random_actions_break_nothing_and_leaving_restores_the_viewer(person):
    viewer, dock = person.viewer, person.dock
    done = []
    for step in range(ACTIONS):
        done.append(person.act())
        is_on = dock.parts.side_by_side.is_on, dock.parts.swipe.is_on
        assert is_on != (True, True), done
        shown = dock.inspect_panel.side.isChecked(), dock.inspect_panel.curtain.isChecked()
        assert shown == is_on, done
        for key in SHADES:
            if key in dock.parts.overlay.further:
                assert key in dock.state.uncertainty, done
        if any(is_on) or step % 4:
            continue
        before = look(viewer)
        for button in (dock.inspect_panel.side, dock.inspect_panel.curtain):
            button.click()
            button.click()
            assert look(viewer) == before, done
    assert dock.parts.overlay.where is not None and len(set(done)) > 15
    dock.shut_down()
    assert len(viewer.mouse_drag_callbacks) == 1 and not viewer.canvas.grid.enabled
    assert viewer.keymap == person.keymap
    person.do_steps()
