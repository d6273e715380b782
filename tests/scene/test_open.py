from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from tests.scene.pictures import noise, whole


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.tif", None, "no such file"),
        ("empty.tif", b"", "empty"),
        ("text.tif", b"not an image at all", "not an image"),
        ("header.tif", b"II*\0\x08\0\0\0", "not an image"),
        ("junk.tif", b"II*\0" + bytes(range(200)), "not an image"),
        ("junk.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "not an image"),
    ],
)
def test_what_is_no_image_is_refused_in_one_sentence(tmp_path, name, content, says, capfd):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=says) as caught:
        open_scene(path)
    assert name in str(caught.value) and "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match="folder"):
        open_scene(tmp_path)


@pytest.mark.parametrize("size_m", [0, -1.0, float("nan"), float("inf"), 10_001])
def test_impossible_pixel_sizes_are_refused(tmp_path, size_m):
    Image.fromarray(noise((8, 8, 3))).save(tmp_path / "a.png")
    with pytest.raises(UserError, match="pixel size"):
        open_scene(tmp_path / "a.png", pixel_size_m=size_m)
    with open_scene(tmp_path / "a.png") as scene, pytest.raises(UserError, match="pixel size"):
        scene.with_pixel_size(size_m)


def test_the_users_pixel_size_changes_neither_fingerprint_nor_settings(tmp_path):
    Image.fromarray(noise((8, 8, 3))).save(tmp_path / "a.png")
    with open_scene(tmp_path / "a.png", pixel_size_m=0.25) as scene:
        other = scene.with_pixel_size(2.0)
        assert (scene.pixel_size_m, other.pixel_size_m) == (0.25, 2.0)
        assert other.fingerprint == scene.fingerprint
        assert other.settings_key == scene.settings_key


def test_the_content_decides_not_the_suffix(tmp_path):
    pixels = noise((30, 40, 3))
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.tif")
    with open_scene(tmp_path / "a.tif") as scene:
        assert scene.picture.format == "PNG"
        assert np.array_equal(whole(scene)[0], pixels)


def test_windows_outside_are_a_bug(tmp_path):
    Image.fromarray(noise((30, 40, 3))).save(tmp_path / "a.png")
    with open_scene(tmp_path / "a.png") as scene:
        for window in (Window(-1, 0, 5, 5), Window(0, 36, 5, 5)):
            with pytest.raises(ValueError, match="not inside"):
                scene.read(window, 0)
