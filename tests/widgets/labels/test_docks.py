"""Export, import and classes in napari's real window; needs a screen."""

import json

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.widgets.labels import class_tool as class_editor
from napari_uhrnet.widgets.labels import words
from tests.widgets.correct.test_panel import (  # noqa: F401
    WHOLE,
    open_dock,
    scene_path,
    settings,
    start,
    stored,
)

LEFT = Qt.MouseButton.LeftButton
PART = Window(0, 0, 1024, 1024)


@pytest.fixture
def corrected(open_dock, scene_path, qtbot):  # noqa: F811
    """(viewer, dock), with a reviewed part of two classes."""
    viewer, dock = open_dock()
    folder = scene_path.with_suffix(".uhrnet")
    start(viewer, dock, qtbot)
    ids = np.where(np.arange(1024) < 512, 1, 2).astype(np.uint8)
    journal = dock.parts.correcting.opened.journal
    journal.mark_reviewed(PART, np.tile(ids, (1024, 1)), "print")
    dock.parts.correcting.stop()
    assert dock.parts.correcting.start(folder)
    assert sum(dock.parts.correcting.state.reviewed_px.values()) == 1024**2
    return viewer, dock


def test_what_is_previewed_is_exported(corrected, qtbot, tmp_path, settings):  # noqa: F811
    _, dock = corrected
    panel = dock.tools.open_export()
    panel.format.setCurrentIndex(panel.format.findData("glnet"))
    panel.frames.size.setValue(512)
    panel.to.setText(str(tmp_path / "out"))
    first, second = (panel.classes.names[i] for i in (1, 2))
    second.setText(first.text())
    qtbot.waitUntil(lambda: panel.preview.text().startswith("4 frames"), timeout=20_000)
    assert panel.preview.text().startswith("4 frames (train 4, val 0, test 0), 1\xa0048\xa0576")
    qtbot.mouseClick(panel.start, LEFT)
    qtbot.waitUntil(lambda: not panel.open.isHidden(), timeout=20_000)
    assert panel.message.text().startswith("Written: glnet: 4 frames")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["mapping"]["2"] == 1
    assert settings.value("export/export_size", type=int) == 512
    panel.to.setText(str(tmp_path / "out"))
    qtbot.mouseClick(panel.start, LEFT)
    qtbot.waitUntil(lambda: "not empty" in panel.message.text(), timeout=20_000)


def test_why_nothing_can_be_exported(open_dock, scene_path, qtbot):  # noqa: F811
    viewer, dock = open_dock()
    panel = dock.tools.open_export()
    assert panel.preview.text() == words.EXPORT_CLOSED and not panel.start.isEnabled()
    start(viewer, dock, qtbot)
    assert panel.preview.text() == words.NOTHING_REVIEWED and not panel.start.isEnabled()


def test_a_cancelled_export_leaves_nothing(corrected, qtbot, tmp_path):
    _, dock = corrected
    panel = dock.tools.open_export()
    panel.frames.size.setValue(64)
    panel.to.setText(str(tmp_path / "out"))
    before = {path.name for path in tmp_path.iterdir()}
    qtbot.waitUntil(lambda: panel.start.isEnabled(), timeout=20_000)
    panel.start.click()
    panel.stop.click()
    qtbot.waitUntil(lambda: panel.message.text() == words.EXPORT_CANCELLED, timeout=20_000)
    assert {path.name for path in tmp_path.iterdir()} == before
    assert panel.open.isHidden()


def test_an_import_is_shown_and_undone(corrected, qtbot, scene_path, tmp_path):  # noqa: F811
    _, dock = corrected
    mask = np.full(WHOLE.shape_yx, 255, np.uint8)
    mask[1000:1100, :200] = 3
    Image.fromarray(mask).save(tmp_path / "mask.png")
    before = stored(scene_path).read(WHOLE)
    panel = dock.tools.open_import()
    panel.path.setText(str(tmp_path / "mask.png"))
    qtbot.mouseClick(panel.start, LEFT)
    state = dock.parts.correcting.state
    qtbot.waitUntil(lambda: state.message.startswith("Imported: 0.3 %"), timeout=20_000)
    found = stored(scene_path).read(WHOLE)
    assert (found[1000:1100, :200] == 3).all() and (found[:1000] == before[:1000]).all()
    assert state.undoable == "import mask.png"
    dock.parts.correcting.undo()
    qtbot.waitUntil(lambda: state.undoable == "mark reviewed", timeout=20_000)
    np.testing.assert_array_equal(stored(scene_path).read(WHOLE), before)


def test_a_file_that_cannot_be_imported(corrected, qtbot, scene_path, tmp_path):  # noqa: F811
    _, dock = corrected
    Image.fromarray(np.ones((9, 9), np.uint8)).save(tmp_path / "mask.png")
    panel = dock.tools.open_import()
    panel.path.setText(str(tmp_path / "mask.png"))
    qtbot.mouseClick(panel.start, LEFT)
    qtbot.waitUntil(lambda: "9 x 9 px" in panel.message.text(), timeout=20_000)
    assert dock.parts.correcting.state.undoable == "mark reviewed"


def test_classes_are_merged_and_renamed(corrected, qtbot, scene_path, monkeypatch):  # noqa: F811
    _, dock = corrected
    asked = []
    monkeypatch.setattr(class_editor, "ask", lambda question: asked.append(question) or True)
    panel = dock.tools.open_classes()
    names = dict(dock.parts.correcting.state.classes.names)
    panel._on_merge(2, 1)
    line = panel.findChild(type(panel._row(panel._draft.table.classes[0])[2]), "class_name_1")
    line.setText("town")
    line.editingFinished.emit()
    assert dock.parts.correcting.state.classes.names == names
    qtbot.mouseClick(panel.apply, LEFT)
    state = dock.parts.correcting.state
    qtbot.waitUntil(lambda: state.active and state.classes.names.get(1) == "town", timeout=20_000)
    assert len(asked) == 1
    assert 2 not in state.classes.names and 2 not in dock.correct_panel.classes.buttons
    assert dock.correct_panel.classes.buttons[1].text().endswith("town")
    assert dock.state.project_classes == state.classes
    store = stored(scene_path)
    assert (store.read(PART) == 1).all() and store.classes == state.classes
    assert store.counts().reviewed_px == {1: 1024**2}
    aliases = Project.open(scene_path.with_suffix(".uhrnet")).classes.classes
    assert {names[1], names[2]} <= set(next(c for c in aliases if c.id == 1).aliases)
