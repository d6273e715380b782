"""An import is one edit."""

import numpy as np
import pytest
from PIL import Image

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.session.labels.importing import import_mask
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.store.journal.journal import Journal
from tests.export.made import TABLE, made_ids

SHAPE = (1100, 1300)
WHOLE = Window(0, 0, *SHAPE)
IDS = made_ids(*SHAPE, cell_px=50)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """(project, path of the scene, path of a mask that covers the left half)."""
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "cache"))
    Image.fromarray(np.zeros((*SHAPE, 3), np.uint8)).save(tmp_path / "town.png")
    half = np.where(np.arange(SHAPE[1]) < 650, IDS, 255).astype(np.uint8)
    Image.fromarray(half).save(tmp_path / "mask.png")
    project = Project.create(tmp_path / "project", TABLE)
    with open_scene(tmp_path / "town.png") as scene:
        project.add_scene(scene)
    return project, tmp_path / "town.png", tmp_path / "mask.png"


@pytest.mark.parametrize("reviewed", [False, True])
def test_undo_takes_an_import_back_after_a_restart(place, reviewed):
    project, path, mask = place
    before = np.full(SHAPE, 255, np.uint8)
    before[600:700, 600:700] = 4
    with open_scene(path) as scene, project.annotations(scene) as store, Journal(store) as journal:
        journal.edit(WHOLE, before)
        count = import_mask(journal, mask, scene, reviewed=reviewed)
        assert count == 650 * SHAPE[0]
        np.testing.assert_array_equal(store.read(WHOLE)[:, :650], IDS[:, :650])
        assert (store.read(WHOLE)[600:700, 650:700] == 4).all()
        assert store.reviewed(WHOLE).sum() == (count if reviewed else 0)
        assert journal.undoable == ("paint", "import mask.png")
    with open_scene(path) as scene, project.annotations(scene) as store, Journal(store) as journal:
        journal.undo()
        np.testing.assert_array_equal(store.read(WHOLE), before)
        assert not store.reviewed(WHOLE).any()
        assert store.counts().labelled_px == {4: 10_000}
        journal.redo()
        np.testing.assert_array_equal(store.read(WHOLE)[:, :650], IDS[:, :650])


def test_a_stopped_or_failed_import_changes_nothing(place):
    project, path, mask = place

    def stop(share):
        if share > 0.5:
            raise RuntimeError("enough")

    with open_scene(path) as scene, project.annotations(scene) as store, Journal(store) as journal:
        with pytest.raises(RuntimeError):
            import_mask(journal, mask, scene, reviewed=True, progress=stop)
        Image.fromarray(np.ones((9, 9), np.uint8)).save(mask)
        with pytest.raises(UserError, match="9 x 9 px"):
            import_mask(journal, mask, scene, reviewed=True)
        assert (store.read(WHOLE) == 255).all() and journal.undoable == ()
