"""What is remembered."""

import pytest
from qtpy.QtCore import QSettings

from napari_uhrnet.session.correct.state import CorrectState
from napari_uhrnet.session.state import SessionState
from napari_uhrnet.widgets.kit.settings import follow
from napari_uhrnet.widgets.segment.remembered import follow_session


@pytest.fixture
def settings(tmp_path):
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


def read_again(settings):
    settings.sync()
    return QSettings(settings.fileName(), QSettings.Format.IniFormat)


def test_a_new_session_begins_as_the_last_one_ended(settings):
    state = SessionState(model="light")
    follow_session(state, settings)
    assert state.model == "light"
    state.model, state.device, state.region = "mine.safetensors", "cpu", "scene"
    state.follow_view, state.opacity = False, 0.25
    later = SessionState(model="light")
    follow_session(later, read_again(settings))
    assert (later.model, later.device, later.region) == ("mine.safetensors", "cpu", "scene")
    assert (later.follow_view, later.opacity) == (False, 0.25)


@pytest.mark.parametrize("region", ["rectangle", "nonsense"])
def test_regions_of_one_scene_are_not_restored(settings, region):
    settings.setValue("region", region)
    state = SessionState()
    follow_session(state, settings)
    assert state.region == "visible"


def test_brushes_keep_their_sizes_but_correcting_begins_with_painting(settings):
    state = CorrectState()
    sizes = {"brush_px": int, "superpixel_px": int}
    follow(state, settings, sizes)
    state.brush_px, state.superpixel_px, state.tool = 41, 33, "erase"
    later = CorrectState()
    follow(later, read_again(settings), sizes)
    assert (later.brush_px, later.superpixel_px, later.tool) == (41, 33, "paint")
