"""Panels show the state and change what is asked for; no viewer."""

from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_uhrnet.models.registry import list_models
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.scene.picture.stretch import stretch_note
from napari_uhrnet.session.state import RunStatus
from napari_uhrnet.widgets.segment import words
from napari_uhrnet.widgets.segment.legend_panel import LegendPanel
from napari_uhrnet.widgets.segment.model_panel import ModelPanel
from napari_uhrnet.widgets.segment.run_panel import RunPanel
from napari_uhrnet.widgets.segment.scene_panel import ScenePanel
from tests.widgets.painted_engine import CARD

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def shown(qtbot):
    def show(panel):
        qtbot.addWidget(panel)
        panel.show()
        return panel

    return show


def type_in(qtbot, field, text):
    field.selectAll()
    qtbot.keyClicks(field, text or "\b")
    qtbot.keyClick(field, Qt.Key.Key_Return)


class TestScene:
    def test_size_in_pixels_and_metres(self, state, controller, shown):
        panel = shown(ScenePanel(state))
        assert panel.size.text() == "640 × 512 px"
        state.pixel_size_m = 2.5
        assert panel.size.text() == "640 × 512 px\n1.6 km × 1.28 km"

    def test_an_unknown_pixel_size_is_assumed_with_a_hint(self, state, controller, shown):
        panel = shown(ScenePanel(state))
        assert panel.pixel_size.text() == ""
        assert panel.pixel_size.placeholderText() == "1 (assumed)"
        assert panel.hint.text() == words.assumed_hint(1.0)

    def test_pixel_size_of_the_file(self, state, controller, shown, picture):
        state.scene = array_scene([picture], "known", pixel_size_m=0.5)
        panel = shown(ScenePanel(state))
        assert (panel.pixel_size.text(), panel.hint.text()) == ("0.5", words.FROM_FILE)

    def test_notes_of_the_scene(self, state, controller, shown, picture):
        panel = shown(ScenePanel(state))
        assert panel.notes.isHidden()
        state.scene = array_scene([picture.astype(np.uint16)], "stretched")
        assert panel.notes.text() == stretch_note("uint16") and panel.notes.isVisible()

    @pytest.mark.parametrize("text", ["0.3", "0,3", "0.3 m/px", " 0.3 m "])
    def test_typing_a_pixel_size(self, state, controller, shown, qtbot, text):
        panel = shown(ScenePanel(state))
        type_in(qtbot, panel.pixel_size, text)
        assert state.pixel_size_m == 0.3
        assert panel.hint.text() == words.ENTERED
        type_in(qtbot, panel.pixel_size, "")
        assert state.pixel_size_m is None

    def test_no_number_is_answered_with_a_sentence(self, state, controller, shown, qtbot):
        panel = shown(ScenePanel(state))
        type_in(qtbot, panel.pixel_size, "half")
        assert state.pixel_size_m is None
        assert panel.hint.isVisible() and "e.g. 0.5" in panel.hint.text()

    def test_entering_the_files_size_is_no_change(self, state, controller, shown, qtbot, picture):
        state.scene = array_scene([picture], "known", pixel_size_m=0.5)
        panel = shown(ScenePanel(state))
        type_in(qtbot, panel.pixel_size, "0.50")
        assert state.pixel_size_m is None

    def test_layers_keep_the_choice_and_new_ones_are_chosen_only_if_none_was(self, state, shown):
        panel, chosen = shown(ScenePanel(state)), []
        panel.layer_chosen.connect(chosen.append)
        a, b = SimpleNamespace(name="a"), SimpleNamespace(name="b")
        panel.set_layers([a])
        panel.set_layers([a, b])
        assert (chosen, panel.layer()) == ([a], a)
        panel.layers.setCurrentIndex(1)
        panel.set_layers([b])
        assert chosen == [a, b]
        panel.set_layers([])
        assert panel.layer() is None and chosen == [a, b, None]
        assert not panel.layers.isEnabled()


class TestModel:
    def test_all_models_are_listed(self, state, controller, shown):
        panel = shown(ModelPanel(state))
        names = [panel.models.itemData(k) for k in range(panel.models.count())]
        assert names == [*(entry.name for entry in list_models()), "painted"]
        assert panel.models.itemText(1) == "uhrnet-r50 (no weights)"

    def test_choosing_one_without_weights_says_so(self, state, controller, shown):
        panel = shown(ModelPanel(state))
        panel.models.setCurrentIndex(1)
        panel.models.activated.emit(1)
        assert state.model == "uhrnet-r50"
        assert "no weights: load or train" in panel.terms.text()
        assert not panel.about.isEnabled()

    def test_terms_of_the_card(self, state, controller, shown):
        panel = shown(ModelPanel(state))
        assert panel.terms.text() == CARD.terms
        assert "Pixel size: 1 m" in panel.terms.toolTip()

    def test_only_devices_that_exist_are_enabled(self, state, controller, shown):
        panel = shown(ModelPanel(state))

        def enabled():
            model = panel.device.model()
            return [model.item(k).text() for k in range(4) if model.item(k).isEnabled()]

        assert enabled() == ["auto", "cpu"]
        state.devices = ("auto", "cpu", "cuda")
        assert enabled() == ["auto", "cpu", "cuda"]

    def test_loading_a_checkpoint_file(self, state, shown, qtbot, monkeypatch):
        panel = shown(ModelPanel(state))
        chosen = ("/data/mine.safetensors", "")
        monkeypatch.setattr(
            "napari_uhrnet.widgets.segment.model_panel.QFileDialog.getOpenFileName",
            lambda *a: chosen,
        )
        qtbot.mouseClick(panel.load, LEFT)
        assert state.model == "/data/mine.safetensors"
        assert panel.models.currentText() == "mine"


class FakeController:
    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *args: self.calls.append(name)


class TestRun:
    @pytest.fixture
    def panel(self, state, shown):
        return shown(RunPanel(state, FakeController()))

    def visible(self, panel):
        widgets = {"bar": panel.bar, "message": panel.message, "ask": panel.ask,
                   "note": panel.note}  # fmt: skip
        return {name for name, widget in widgets.items() if widget.isVisible()}

    def test_idle(self, panel):
        assert panel.segment.isEnabled() and not panel.cancel.isEnabled()
        assert self.visible(panel) == set()

    def test_running(self, panel, state):
        state.status = RunStatus("running", 12, 36, 40.0, "Segmenting: 12 of 36 patches", "on CPU")
        assert not panel.segment.isEnabled() and panel.cancel.isEnabled()
        assert self.visible(panel) == {"bar", "message", "note"}
        assert (panel.bar.value(), panel.bar.maximum()) == (12, 36)
        assert panel.bar.text() == "40 s left"

    def test_loading_runs_to_and_fro(self, panel, state):
        state.status = RunStatus("loading", message="Loading…")
        assert panel.bar.maximum() == 0 and panel.bar.isVisible()

    def test_cancelling_cannot_be_cancelled(self, panel, state):
        state.status = RunStatus("cancelling", 1, 2)
        assert not panel.cancel.isEnabled() and not panel.segment.isEnabled()

    def test_asking(self, panel, state, qtbot):
        state.status = RunStatus("asking", message="400 patches. Segment all of it?", asks=True)
        assert self.visible(panel) == {"message", "ask"}
        qtbot.mouseClick(panel.go, LEFT)
        qtbot.mouseClick(panel.not_now, LEFT)
        assert panel._controller.calls == ["go", "not_now"]

    def test_nothing_below_jumps_when_a_run_begins(self, panel, state, qtbot):
        before = panel.sizeHint().height()
        state.status = RunStatus("running", 1, 2, 3.0, "Segmenting: 1 of 2 patches")
        assert panel.sizeHint().height() == before

    def test_buttons_and_keys(self, panel, state, qtbot):
        with qtbot.waitSignal(panel.segment_pressed):
            qtbot.mouseClick(panel.segment, LEFT)
        with qtbot.waitSignal(panel.segment_pressed):
            qtbot.keyClick(panel.segment, Qt.Key.Key_Space)
        state.status = RunStatus("running", 1, 2)
        qtbot.mouseClick(panel.cancel, LEFT)
        assert panel._controller.calls == ["cancel"]

    def test_region_and_follow(self, panel, state, qtbot):
        state.region = "visible"
        assert panel.region.currentText() == "Visible region"
        assert panel.follow.isEnabled()
        panel.follow.click()
        assert state.follow_view is False
        panel.region.setCurrentIndex(1)
        panel.region.activated.emit(1)
        assert state.region == "scene"
        assert not panel.follow.isEnabled()


class TestLegend:
    @pytest.fixture
    def panel(self, state, controller, shown):
        return shown(LegendPanel(state))

    def test_shares_add_up(self, panel, state):
        state.areas_px = {1: 750, 4: 249_250}
        texts = [row.share.text() for row in panel._rows.values()]
        assert texts == ["0.3 %", "–", "–", "99.7 %", "–", "–"]
        state.areas_px = {1: 1, 4: 100_000}
        assert panel._rows[1].share.text() == "< 0.1 %"

    def test_hide_and_show(self, panel, state, qtbot):
        panel._rows[4].show.click()
        assert state.hidden == {4}
        panel._rows[4].show.click()
        assert state.hidden == frozenset()

    def test_solo_and_back(self, panel, state):
        panel._rows[4].solo.click()
        assert state.hidden == {1, 2, 3, 5, 6}
        assert [i for i, row in panel._rows.items() if row.show.isChecked()] == [4]
        panel._rows[5].solo.click()
        assert state.hidden == {1, 2, 3, 4, 6}
        assert not panel._rows[4].solo.isChecked()
        panel._rows[5].solo.click()
        assert state.hidden == frozenset()

    def test_branches(self, panel, state):
        state.branches = ("fused", "global", "local")
        assert panel.branch.count() == 3
        panel.branch.setCurrentIndex(2)
        panel.branch.activated.emit(2)
        assert state.branch == "local"

    def test_opacity_goes_both_ways(self, panel, state):
        panel.opacity.setValue(25)
        assert state.opacity == 0.25
        state.opacity = 0.123
        assert panel.opacity.value() == 12
        assert state.opacity == 0.123

    def test_without_a_model_there_are_no_classes(self, panel, state):
        state.model = "none such"
        assert panel._rows == {}

    def test_swatches_have_the_class_colours(self, panel):
        image = panel._grid.itemAtPosition(3, 0).widget().pixmap().toImage()
        colour = image.pixelColor(7, 7)
        assert (colour.red(), colour.green(), colour.blue()) == (0, 255, 0)


def test_long_text_does_not_widen_the_panels(state, controller, shown, picture):
    state.scene = array_scene([picture], "a very long name " * 20)
    panels = [shown(ScenePanel(state)), shown(ModelPanel(state)),
              shown(RunPanel(state, FakeController())), shown(LegendPanel(state))]  # fmt: skip
    state.status = RunStatus("failed", message="/a/long/path/of/a/file: is no picture " * 9)
    panels[0].set_layers([SimpleNamespace(name="a very long name " * 20)])
    assert max(panel.minimumSizeHint().width() for panel in panels) <= 320
    assert np.sum([panel.minimumSizeHint().height() for panel in panels]) < 900
