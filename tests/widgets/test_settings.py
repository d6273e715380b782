"""What is remembered."""

import pytest
from qtpy.QtCore import QSettings

from napari_uhrnet.session.state import SessionState
from napari_uhrnet.widgets.settings import remember, restore


@pytest.fixture
def settings(tmp_path):
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


def test_a_new_session_begins_as_the_last_one_ended(settings, tmp_path):
    state = SessionState(model="light")
    restore(state, settings)
    assert state.model == "light"
    remember(state, settings)
    state.model, state.device, state.region = "mine.safetensors", "cpu", "scene"
    state.follow_view, state.opacity = False, 0.25
    settings.sync()
    path = str(tmp_path / "settings.ini")
    later = SessionState(model="light")
    restore(later, QSettings(path, QSettings.Format.IniFormat))
    assert (later.model, later.device, later.region) == ("mine.safetensors", "cpu", "scene")
    assert (later.follow_view, later.opacity) == (False, 0.25)


@pytest.mark.parametrize("region", ["rectangle", "nonsense"])
def test_regions_of_one_scene_are_not_restored(settings, region):
    settings.setValue("region", region)
    state = SessionState()
    restore(state, settings)
    assert state.region == "visible"
