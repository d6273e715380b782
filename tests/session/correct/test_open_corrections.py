"""Opening and closing the corrections of a scene."""

import errno
import os

import numpy as np
import pytest
from PIL import Image

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.session.correct.open_corrections import OpenCorrections
from napari_uhrnet.store.annotations import annotation
from tests.models.tiny import CLASSES


@pytest.fixture
def scene(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "town.png")
    with open_scene(tmp_path / "town.png") as scene:
        yield scene


def test_a_disk_that_fails_at_the_end_gives_the_corrections_back(scene, tmp_path, monkeypatch):
    def fails(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    first = OpenCorrections(scene, tmp_path / "p", CLASSES)
    window = Window(10, 20, 5, 6)
    first.journal.edit(window, np.full(window.shape_yx, 4, np.uint8))
    with monkeypatch.context() as full:
        full.setattr(annotation, "sync_file", fails)
        with pytest.raises(UserError, match="the disk is full"):
            first.close()
    again = OpenCorrections(scene, tmp_path / "p", None)
    assert (again.store.read(window) == 4).all()
    assert again.journal.undoable == ("paint",)
    again.close()
