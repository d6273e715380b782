"""Folders on a command line."""

import pytest

from napari_uhrnet.cli.kit.folders import data_folder
from napari_uhrnet.errors import UserError


def test_folders_with_a_pixel_size(tmp_path):
    (tmp_path / "a@b").mkdir()
    assert data_folder(f"{tmp_path}/x@0.5") == {"folder": tmp_path / "x", "pixel_size_m": 0.5}
    assert data_folder(f"{tmp_path}/a@b") == {"folder": tmp_path / "a@b", "pixel_size_m": None}
    with pytest.raises(UserError, match="DIR@METRES"):
        data_folder("x@y")
