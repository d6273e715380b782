from __future__ import annotations

import numpy as np
import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.readers.limits import check_chunk, check_size, files_below

BYTE = np.dtype("uint8")


def test_small_pictures_need_no_bytes_and_large_ones_some(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(bytes(1000))
    check_size("a", (8000, 8000, 1), BYTE, [])
    check_size("a", (10_000, 10_000, 1), BYTE, [file])
    with pytest.raises(UserError, match="a: the file declares 10000 x 20000 px"):
        check_size("a", (20_000, 10_000, 1), BYTE, [file])
    check_size("a", (20_000, 10_000, 1), BYTE, [tmp_path / "gone", file, file])
    with pytest.raises(UserError, match="far more than it stores"):
        check_size("a", (2_000_000, 2_000_000, 1), BYTE, [file] * 10**6)


@pytest.mark.parametrize("shape", [(0, 5, 3), (5, 0, 3), (5, 5, 0)])
def test_a_picture_without_pixels(shape):
    with pytest.raises(UserError, match=r"not possible|0 bands"):
        check_size("a", shape, BYTE, [])


def test_chunks_have_to_fit_into_memory():
    check_chunk("a", (1, 4096, 4096), np.dtype("uint16"))
    with pytest.raises(UserError, match="one chunk holds 512 MiB"):
        check_chunk("a", (32_768, 16_384), BYTE)


def test_files_of_a_folder_and_those_below(tmp_path):
    (tmp_path / "b" / "c").mkdir(parents=True)
    for name in ("a", "b/a", "b/c/a"):
        (tmp_path / name).touch()
    assert len(list(files_below(tmp_path))) == 3
