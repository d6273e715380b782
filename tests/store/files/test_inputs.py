from __future__ import annotations

import os

import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.store.files.inputs import check_apart, check_not_input


def test_other_files_missing_ones_and_names_of_models_are_fine(tmp_path):
    (tmp_path / "a").touch()
    check_not_input(tmp_path / "b", [tmp_path / "a", tmp_path / "gone", None, "uhrnet-light"])


def test_an_input_that_is_a_folder_is_not_written_into(tmp_path):
    scene = tmp_path / "scene.zarr"
    (scene / "0").mkdir(parents=True)
    (tmp_path / "link").symlink_to(scene)
    for out in (scene, scene / "0" / "m.zarr", tmp_path / "link" / "m.tif"):
        with pytest.raises(UserError, match="which is read here"):
            check_not_input(out, [scene])
    check_not_input(tmp_path / "mask.zarr", [scene])


def test_a_link_that_leads_nowhere_yet(tmp_path):
    (tmp_path / "a").touch()
    (tmp_path / "link").symlink_to(os.path.relpath(tmp_path / "a", tmp_path))
    with pytest.raises(UserError, match="written over"):
        check_not_input(tmp_path / "link", [tmp_path / "a"])


def test_a_run_beside_its_checkpoint(tmp_path):
    start = tmp_path / "run" / "last.safetensors"
    start.parent.mkdir()
    start.touch()
    with pytest.raises(UserError, match="a run could write over it"):
        check_apart(tmp_path / "run", [start])
    check_apart(tmp_path / "run2", [start, None, "uhrnet-light"])
