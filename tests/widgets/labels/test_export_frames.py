"""The form of frames gives what the export takes."""

from dataclasses import fields

import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.frames.selection import UNREVIEWED, FrameRules
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.widgets.labels.export_frames import ExportFrames

BY_HAND = {"split", "windows"}
NOT_OFFERED = {"min_reviewed"}


@pytest.fixture
def frames(qtbot):
    made = ExportFrames()
    qtbot.addWidget(made)
    return made


def test_every_setting_has_a_field_that_begins_with_its_default(frames):
    assert set(frames.form) == {f.name for f in fields(FrameRules)} - BY_HAND - NOT_OFFERED
    assert frames.rules(None, whole=True) == FrameRules()


def test_what_is_filled_in_is_asked_for(frames, qtbot):
    for name, value in {"frame_px": 96, "overlap_px": 32, "unreviewed": "leave-out"}.items():
        with qtbot.waitSignal(frames.changed):
            frames.form[name].value = value
    for box, share in zip(frames.split, (50, 30, 20), strict=True):
        box.setValue(share)
    assert frames.rules(None, whole=False) == FrameRules(
        96, 32, unreviewed="leave-out", split=(0.5, 0.3, 0.2)
    )


def test_the_native_widgets_are_those_of_the_form(frames):
    frames.size.setValue(128)
    frames.unreviewed.setCurrentIndex(frames.unreviewed.findData("leave-out"))
    assert frames.form["frame_px"].value == 128
    assert frames.form["unreviewed"].value == "leave-out"
    assert frames.form["unreviewed"].choices == UNREVIEWED
    assert frames.size.objectName() == "export_size"


def test_frames_of_the_view_and_listed_ones(frames):
    frames.size.setValue(40)
    frames.places.setCurrentIndex(frames.places.findData("view"))
    assert frames.rules(Window(5, 6, 10, 12), whole=False).windows == (Window(5, 6, 10, 12),)
    assert frames.rules(Window(5, 6, 10, 12), whole=True).windows is None
    frames.places.setCurrentIndex(frames.places.findData("listed"))
    frames.listed.setText("0, 0, 32, 40")
    assert frames.rules(None, whole=False).windows == (Window(0, 0, 32, 40),)
    frames.listed.setText("0, 0")
    with pytest.raises(UserError, match="give y, x, height, width"):
        frames.rules(None, whole=False)
